// With xUnit: `using Xunit;`, mark each test [Fact], write Assert.Equal for Check, and leave Main out.
// Main stands for xUnit here, so that the example runs by mono alone: a new object for each test.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Mockserver;

public sealed class ExampleTest : MockserverTest
{
    public ExampleTest() : base("{\"clock\":\"2026-03-01 10:00:00\"}") { }

    private static void Check(bool holds, string what) { if (!holds) throw new Exception(what); }

    // Stands for your own client: one signed TOP call.
    private void CallTop(string method, Dictionary<string, string> more)
    {
        var all = new SortedDictionary<string, string>(more, StringComparer.Ordinal)
        {
            { "method", method }, { "app_key", Sandbox.World.AppKey }, { "session", Sandbox.World.Session },
            { "format", "json" }, { "v", "2.0" }, { "sign_method", "md5" }, { "timestamp", "2026-03-01 10:00:00" },
        };
        string secret = Sandbox.World.AppSecret;
        string text = secret + string.Concat(all.Select(pair => pair.Key + pair.Value)) + secret;
        using (var md5 = MD5.Create())
            all["sign"] = string.Concat(md5.ComputeHash(Encoding.UTF8.GetBytes(text)).Select(part => part.ToString("X2")));
        string form = string.Join("&", all.Select(pair => pair.Key + "=" + Uri.EscapeDataString(pair.Value)));
        var request = (HttpWebRequest)WebRequest.Create(Sandbox.World.Gateway);
        request.Method = "POST";
        request.Proxy = null;
        request.KeepAlive = false;
        request.ContentType = "application/x-www-form-urlencoded;charset=utf-8";
        byte[] content = Encoding.UTF8.GetBytes(form);
        using (var stream = request.GetRequestStream()) stream.Write(content, 0, content.Length);
        request.GetResponse().Dispose();
    }

    public void SellerAgreesAndBuyerSendsBack()
    {
        string id = Sandbox.Open().DisputeId;
        CallTop("tmall.exchange.agree", new Dictionary<string, string>
        {
            { "dispute_id", id }, { "address_id", "10000002" }, { "fields", "dispute_id" },
        });
        Check(Sandbox.Show(id).Status == 2, "the seller has agreed");
        Sandbox.Move(id, "buyer", "ship_back");
        Check(Sandbox.Show(id).Status == 3, "the buyer has sent the goods back");
    }

    public void ExchangeThatNobodyAnswersDoesNotStayOpen()
    {
        string id = Sandbox.Open().DisputeId;
        Check(Sandbox.Advance("60d").Contains("\"fired\":[{"), "a deadline fires");
        Check(Sandbox.Show(id).Status != 1, "the exchange is not open any more");
    }

    public void EachTestHasItsOwnWorldAndResetEmptiesIt()
    {
        Check(Sandbox.Control("GET", "/exchanges").Contains("\"total\":0"), "a new sandbox has no exchange");
        Sandbox.Open();
        Sandbox.Reset();
        Check(Sandbox.Control("GET", "/exchanges").Contains("\"total\":0"), "nor has one after a reset");
    }

    public void ServiceWhoseKeysAreFixedUsesDefaultSandbox()
    {
        using (var box = Sandbox.Use("default")) Check(box.World.Id == "default", box.World.Id);
    }

    public void ControlApiSaysWhatIsWrong()
    {
        string message = "";
        try { Sandbox.Open("{\"status\":99}"); }
        catch (InvalidOperationException error) { message = error.Message; }
        Check(message.Contains("400") && message.Contains("status"), message);
    }

    public static int Main()
    {
        Console.OutputEncoding = new UTF8Encoding(false);
        var tests = new Action<ExampleTest>[]
        {
            test => test.SellerAgreesAndBuyerSendsBack(), test => test.ExchangeThatNobodyAnswersDoesNotStayOpen(),
            test => test.EachTestHasItsOwnWorldAndResetEmptiesIt(),
            test => test.ServiceWhoseKeysAreFixedUsesDefaultSandbox(), test => test.ControlApiSaysWhatIsWrong(),
        };
        int passed = 0;
        foreach (var run in tests)
        {
            try { using (var test = new ExampleTest()) run(test); passed++; }
            catch (Exception error) { Console.WriteLine(error.Message); }
        }
        Console.WriteLine("passed " + passed + " of " + tests.Length);
        return passed == tests.Length ? 0 : 1;
    }
}
