<?php

/**
 * A sandbox of tmall-mockserver for each PHPUnit test: `use Mockserver;` in a TestCase.
 * 每个测试一个独立环境。
 *
 * The server is found by the variables that `tmall-mockserver exec -- CMD` exports, else by the
 * ready file of `tmall-mockserver serve --detach` (.mockserver.json here or in a folder above).
 */
trait Mockserver
{
    protected string $sandboxId = '';
    protected string $appKey;
    protected string $appSecret;
    protected string $session;
    protected string $subSession;
    protected string $gateway;
    private array $mockserver = [];

    private static function noServer(): string
    {
        return '没有运行中的服务：用 `tmall-mockserver exec -- 测试命令`，或先运行 `tmall-mockserver serve --detach` '
            . '(no server: run the tests by `tmall-mockserver exec -- CMD`, or `tmall-mockserver serve --detach` first)';
    }

    /** The world document of this class's tests; override it. Empty: all is made up. */
    protected function sandboxDocument(): array
    {
        return [];
    }

    /** @before */
    #[\PHPUnit\Framework\Attributes\Before]
    public function makeSandbox(): void
    {
        $this->takeSandbox($this->askMockserver('POST', 'sandboxes', $this->sandboxDocument()));
    }

    /** @after */
    #[\PHPUnit\Framework\Attributes\After]
    public function dropSandbox(): void
    {
        if ($this->sandboxId !== '' && $this->sandboxId !== 'default') {
            $this->control('DELETE');
        }
        $this->sandboxId = '';
    }

    /** Take the sandbox `default`, reset, instead: for a service whose keys are fixed. */
    protected function useDefaultSandbox(): void
    {
        $this->dropSandbox();
        $this->takeSandbox($this->askMockserver('POST', 'sandboxes/default/reset'));
    }

    private function takeSandbox(array $world): void
    {
        $this->sandboxId = $world['id'];
        $this->appKey = $world['app_key'];
        $this->appSecret = $world['app_secret'];
        $this->session = $world['session'];
        $this->subSession = $world['sub_session'];
        $this->gateway = $world['gateway'];
    }

    /** Any call of the control API below this sandbox: `control('GET', 'exchanges')`. */
    protected function control(string $verb, string $path = '', ?array $body = null): array
    {
        return $this->askMockserver($verb, rtrim("sandboxes/{$this->sandboxId}/$path", '/'), $body);
    }

    /** Open an exchange as the buyer; ids are text. */
    protected function openExchange(array $fields = []): array
    {
        return $this->control('POST', 'exchanges', $fields);
    }

    protected function showExchange(string $disputeId): array
    {
        return $this->control('GET', "exchanges/$disputeId");
    }

    /** Play a party: `playMove($id, 'buyer', 'ship_back')`. */
    protected function playMove(string $disputeId, string $by, string $move, array $fields = []): array
    {
        return $this->control('POST', "exchanges/$disputeId/moves", ['by' => $by, 'move' => $move] + $fields);
    }

    /** Let time pass: '7d', '6d23h59m59s'. */
    protected function advanceClock(string $by): array
    {
        return $this->control('POST', 'clock/advance', ['by' => $by]);
    }

    protected function resetSandbox(): void
    {
        $this->control('POST', 'reset');
    }

    private function findMockserver(): array
    {
        if (getenv('TMALL_MOCKSERVER_URL')) {
            return ['url' => getenv('TMALL_MOCKSERVER_URL'), 'token' => getenv('TMALL_MOCKSERVER_TOKEN')];
        }
        $file = getenv('TMALL_MOCKSERVER_READY_FILE');
        for ($folder = getcwd(); !$file; $folder = dirname($folder)) {
            if (is_file("$folder/.mockserver.json")) {
                $file = "$folder/.mockserver.json";
            } elseif ($folder === dirname($folder)) {
                throw new \RuntimeException(self::noServer());
            }
        }
        $ready = is_file($file) ? json_decode(file_get_contents($file), true) : null;
        if (!isset($ready['url'], $ready['token'])) {
            throw new \RuntimeException("$file: " . self::noServer());
        }
        return $ready;
    }

    private function askMockserver(string $verb, string $path, ?array $body = null): array
    {
        $this->mockserver = $this->mockserver ?: $this->findMockserver();
        ['url' => $url, 'token' => $token] = $this->mockserver;
        $context = stream_context_create(['http' => [
            'method' => $verb,
            'header' => ["Authorization: Bearer $token", 'Content-Type: application/json'],
            'content' => $body === null ? '' : json_encode((object) $body),
            'ignore_errors' => true,
            'timeout' => 30,
        ]]);
        $text = @file_get_contents("$url/_sandbox/$path", false, $context);
        if ($text === false) {
            throw new \RuntimeException("$url: " . (error_get_last()['message'] ?? '') . '; ' . self::noServer());
        }
        $status = (int) explode(' ', $http_response_header[0])[1];
        if ($status >= 300) {
            throw new \RuntimeException("$verb $path: $status $text");
        }
        return json_decode($text, true, 512, JSON_BIGINT_AS_STRING) ?? [];
    }
}
