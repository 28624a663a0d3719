package mockserver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class ExampleTest {
    @RegisterExtension final Mockserver sandbox = new Mockserver("{\"clock\":\"2026-03-01 10:00:00\"}");
    @RegisterExtension final Mockserver fixed = Mockserver.use("default");

    /** Stands for your own client: one signed TOP call. */
    private String callTop(String method, Map<String, String> params) throws Exception {
        Map<String, String> all = new TreeMap<>(params);
        all.putAll(Map.of("method", method, "app_key", sandbox.appKey, "session", sandbox.session,
            "format", "json", "v", "2.0", "sign_method", "md5", "timestamp", "2026-03-01 10:00:00"));
        StringBuilder text = new StringBuilder(sandbox.appSecret);
        all.forEach((name, value) -> text.append(name).append(value));
        byte[] digest = MessageDigest.getInstance("MD5")
            .digest(text.append(sandbox.appSecret).toString().getBytes(StandardCharsets.UTF_8));
        StringBuilder sign = new StringBuilder();
        for (byte part : digest) sign.append(String.format("%02X", part));
        all.put("sign", sign.toString());
        String form = all.entrySet().stream()
            .map(pair -> pair.getKey() + "=" + URLEncoder.encode(pair.getValue(), StandardCharsets.UTF_8))
            .collect(Collectors.joining("&"));
        HttpRequest request = HttpRequest.newBuilder(URI.create(sandbox.gateway))
            .header("Content-Type", "application/x-www-form-urlencoded;charset=utf-8")
            .POST(HttpRequest.BodyPublishers.ofString(form)).build();
        return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body();
    }

    @Test
    void theSellerAgreesAndTheBuyerSendsBack() throws Exception {
        String exchange = Mockserver.text(sandbox.open("{}"), "dispute_id");
        callTop("tmall.exchange.agree",
            Map.of("dispute_id", exchange, "address_id", "10000002", "fields", "dispute_id"));
        assertEquals("2", Mockserver.text(sandbox.show(exchange), "status"));
        sandbox.move(exchange, "buyer", "ship_back");
        assertEquals("3", Mockserver.text(sandbox.show(exchange), "status"));
    }

    @Test
    void anExchangeThatNobodyAnswersDoesNotStayOpen() {
        String exchange = Mockserver.text(sandbox.open("{}"), "dispute_id");
        assertTrue(sandbox.advance("60d").contains("\"fired\":[{"));
        assertTrue(!"1".equals(Mockserver.text(sandbox.show(exchange), "status")));
    }

    @Test
    void eachTestHasAWorldOfItsOwnAndResetEmptiesIt() {
        assertEquals("0", Mockserver.text(sandbox.control("GET", "/exchanges", ""), "total"));
        sandbox.open("{}");
        sandbox.reset();
        assertEquals("0", Mockserver.text(sandbox.control("GET", "/exchanges", ""), "total"));
    }

    @Test
    void aServiceWhoseKeysAreFixedUsesTheDefaultSandbox() {
        assertEquals("default", fixed.id);
    }

    @Test
    void theControlApiSaysWhatIsWrong() {
        String message = assertThrows(
            IllegalStateException.class, () -> sandbox.open("{\"status\":99}")).getMessage();
        assertTrue(message.contains("400") && message.contains("status"), message);
    }
}
