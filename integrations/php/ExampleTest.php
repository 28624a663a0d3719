<?php

require_once __DIR__ . '/Mockserver.php';

final class ExampleTest extends \PHPUnit\Framework\TestCase
{
    use Mockserver;

    protected function sandboxDocument(): array
    {
        return ['clock' => '2026-03-01 10:00:00'];
    }

    /** Stands for your own client: one signed TOP call. */
    private function callTop(string $method, array $params): string
    {
        $all = $params + [
            'method' => $method, 'app_key' => $this->appKey, 'session' => $this->session, 'format' => 'json',
            'v' => '2.0', 'sign_method' => 'md5', 'timestamp' => '2026-03-01 10:00:00',
        ];
        ksort($all);
        $text = '';
        foreach ($all as $name => $value) {
            $text .= $name . $value;
        }
        $all['sign'] = strtoupper(md5($this->appSecret . $text . $this->appSecret));
        return file_get_contents($this->gateway, false, stream_context_create(['http' => [
            'method' => 'POST',
            'header' => 'Content-Type: application/x-www-form-urlencoded;charset=utf-8',
            'content' => http_build_query($all),
        ]]));
    }

    public function testSellerAgreesAndBuyerSendsBack(): void
    {
        $id = $this->openExchange()['dispute_id'];
        $this->callTop('tmall.exchange.agree', ['dispute_id' => $id, 'address_id' => '10000002', 'fields' => 'dispute_id']);
        $this->assertSame(2, $this->showExchange($id)['status']);
        $this->playMove($id, 'buyer', 'ship_back');
        $this->assertSame(3, $this->showExchange($id)['status']);
    }

    public function testExchangeThatNobodyAnswersDoesNotStayOpen(): void
    {
        $id = $this->openExchange()['dispute_id'];
        $this->assertNotEmpty($this->advanceClock('60d')['fired']);
        $this->assertNotSame(1, $this->showExchange($id)['status']);
    }

    public function testEachTestHasItsOwnWorldAndResetEmptiesIt(): void
    {
        $this->assertSame(0, $this->control('GET', 'exchanges')['total']);
        $this->openExchange();
        $this->resetSandbox();
        $this->assertSame(0, $this->control('GET', 'exchanges')['total']);
    }

    public function testServiceWhoseKeysAreFixedUsesDefaultSandbox(): void
    {
        $this->useDefaultSandbox();
        $this->assertSame('default', $this->sandboxId);
    }

    public function testControlApiSaysWhatIsWrong(): void
    {
        $this->expectExceptionMessageMatches('/400.*status/s');
        $this->openExchange(['status' => 99]);
    }
}
