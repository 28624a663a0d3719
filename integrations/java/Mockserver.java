package mockserver;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A sandbox of tmall-mockserver for each JUnit 5 test. 每个测试一个独立环境。
 *
 * <p>{@code @RegisterExtension final Mockserver sandbox = new Mockserver();}
 *
 * <p>The server is found by the variables that `tmall-mockserver exec -- CMD` exports, else by the
 * ready file of `tmall-mockserver serve --detach` (.mockserver.json here or in a folder above).
 * JSON goes in and out as text: read it with the library that you have, or with {@link #text}.
 */
public final class Mockserver implements BeforeEachCallback, AfterEachCallback {
    static final String NO_SERVER =
        "没有运行中的服务：用 `tmall-mockserver exec -- 测试命令`，或先运行 `tmall-mockserver serve --detach` (no server:"
            + " run the tests by `tmall-mockserver exec -- CMD`, or `tmall-mockserver serve --detach` first)";
    private static final HttpClient HTTP =
        HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(Duration.ofSeconds(10)).build();

    public String id, appKey, appSecret, session, subSession, gateway;
    private final String document, fixed;
    private String url, token;

    /** A fresh sandbox for each test, all made up. */
    public Mockserver() { this("{}"); }

    /** A fresh sandbox for each test, from a world document in JSON. */
    public Mockserver(String document) { this(document, ""); }

    private Mockserver(String document, String fixed) {
        this.document = document;
        this.fixed = fixed;
    }

    /** A sandbox that exists ("default"), reset before each test: for a service whose keys are fixed. */
    public static Mockserver use(String id) { return new Mockserver("", id); }

    @Override
    public void beforeEach(ExtensionContext context) throws IOException {
        findServer();
        String world = fixed.isEmpty()
            ? ask("POST", "sandboxes", document) : ask("POST", "sandboxes/" + fixed + "/reset", "");
        id = text(world, "id");
        appKey = text(world, "app_key");
        appSecret = text(world, "app_secret");
        session = text(world, "session");
        subSession = text(world, "sub_session");
        gateway = text(world, "gateway");
    }

    @Override
    public void afterEach(ExtensionContext context) {
        if (fixed.isEmpty() && id != null) control("DELETE", "", "");
        id = null;
    }

    /** Any call of the control API below this sandbox: {@code control("GET", "/exchanges", "")}. */
    public String control(String verb, String path, String body) {
        return ask(verb, "sandboxes/" + id + path, body);
    }

    /** Open an exchange as the buyer; fields in JSON, "{}" for none. Its "dispute_id" is text. */
    public String open(String fields) { return control("POST", "/exchanges", fields); }

    public String show(String disputeId) { return control("GET", "/exchanges/" + disputeId, ""); }

    /** Play a party: {@code move(id, "buyer", "ship_back")}. */
    public String move(String disputeId, String by, String move) {
        String body = "{\"by\":\"" + by + "\",\"move\":\"" + move + "\"}";
        return control("POST", "/exchanges/" + disputeId + "/moves", body);
    }

    /** Let time pass: "7d", "6d23h59m59s". */
    public String advance(String by) { return control("POST", "/clock/advance", "{\"by\":\"" + by + "\"}"); }

    public void reset() { control("POST", "/reset", ""); }

    /** A text or number that stands in the outermost object of `json`; null when it is absent. */
    public static String text(String json, String name) {
        int depth = 0;
        for (int at = 0; at < json.length(); at++) {
            char sign = json.charAt(at);
            if (sign == '{' || sign == '[') depth++;
            if (sign == '}' || sign == ']') depth--;
            if (sign != '"') continue;
            int end = endOfText(json, at);
            boolean here = depth == 1 && json.substring(at + 1, end).equals(name);
            at = end;
            if (!here || json.charAt(at + 1) != ':') continue;
            int begin = at + 2;
            if (json.charAt(begin) == '"') return json.substring(begin + 1, endOfText(json, begin));
            return json.substring(begin).split("[,}]", 2)[0];
        }
        return null;
    }

    private static int endOfText(String json, int begin) {
        int at = begin + 1;
        while (json.charAt(at) != '"') at += json.charAt(at) == '\\' ? 2 : 1;
        return at;
    }

    private void findServer() throws IOException {
        url = System.getenv("TMALL_MOCKSERVER_URL");
        token = System.getenv("TMALL_MOCKSERVER_TOKEN");
        if (url != null) return;
        String other = System.getenv("TMALL_MOCKSERVER_READY_FILE");
        Path file = Path.of(other == null ? ".mockserver.json" : other).toAbsolutePath();
        while (other == null && !Files.exists(file) && file.getParent().getParent() != null) {
            file = file.getParent().getParent().resolve(".mockserver.json");
        }
        if (!Files.exists(file)) throw new IllegalStateException(NO_SERVER);
        // the file is written with blanks after colons and commas
        String ready = Files.readString(file).replaceAll("\"\\s*:\\s*", "\":");
        try {
            url = text(ready, "url");
            token = text(ready, "token");
        } catch (IndexOutOfBoundsException error) { url = null; } // the file ends too early
        if (url == null || token == null) throw new IllegalStateException(file + ": " + NO_SERVER);
    }

    private String ask(String verb, String path, String body) {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url + "/_sandbox/" + path))
            .timeout(Duration.ofSeconds(30))
            .header("Authorization", "Bearer " + token).header("Content-Type", "application/json")
            .method(verb, HttpRequest.BodyPublishers.ofString(body)).build();
        HttpResponse<String> reply;
        try {
            reply = HTTP.send(request, HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
        } catch (IOException | InterruptedException error) {
            throw new IllegalStateException(url + ": " + error + "; " + NO_SERVER, error);
        }
        if (reply.statusCode() < 300) return reply.body();
        throw new IllegalStateException(verb + " " + path + ": " + reply.statusCode() + " " + reply.body());
    }
}
