// A sandbox of tmall-mockserver for each xUnit test. 每个测试一个独立环境。
//
// xUnit makes a new object of the test class for each test and disposes it: derive from MockserverTest,
// or make a Sandbox in the constructor and dispose it in Dispose.  NUnit, MSTest: in set-up and tear-down.
// The server is found by the variables that `tmall-mockserver exec -- CMD` exports, else by the ready
// file of `tmall-mockserver serve --detach` (.mockserver.json here or in a folder above).
using System;
using System.IO;
using System.Net;
using System.Runtime.Serialization;
using System.Runtime.Serialization.Json;
using System.Text;

namespace Mockserver
{
    /// <summary>What the control API says of a sandbox; the ready file has url and token.</summary>
    [DataContract]
    public sealed class World
    {
        [DataMember(Name = "id")] public string Id;
        [DataMember(Name = "app_key")] public string AppKey;
        [DataMember(Name = "app_secret")] public string AppSecret;
        [DataMember(Name = "session")] public string Session;
        [DataMember(Name = "sub_session")] public string SubSession;
        [DataMember(Name = "gateway")] public string Gateway;
        [DataMember(Name = "url")] internal string Url;
        [DataMember(Name = "token")] internal string Token;
    }

    /// <summary>An exchange; of what else there is, take the text that Control returns.</summary>
    [DataContract]
    public sealed class Exchange
    {
        [DataMember(Name = "dispute_id")] public string DisputeId;
        [DataMember(Name = "status")] public int Status;
        [DataMember(Name = "status_text")] public string StatusText;
        [DataMember(Name = "deadline")] public string Deadline;
    }

    /// <summary>Base of a test class: Sandbox is fresh in each test and dropped after it.</summary>
    public abstract class MockserverTest : IDisposable
    {
        protected readonly Sandbox Sandbox;

        protected MockserverTest(string document = "{}") { Sandbox = new Sandbox(document); }

        public void Dispose() { Sandbox.Dispose(); }
    }

    /// <summary>One isolated world: keys, session and gateway for your client, and the control API.</summary>
    public sealed class Sandbox : IDisposable
    {
        private const string NoServer =
            "没有运行中的服务：用 `tmall-mockserver exec -- 测试命令`，或先运行 `tmall-mockserver serve --detach` (no server:"
            + " run the tests by `tmall-mockserver exec -- CMD`, or `tmall-mockserver serve --detach` first)";

        public readonly World World;
        private readonly World server;
        private readonly bool drops;

        /// <summary>Make a sandbox from a world document in JSON ("{}": all is made up).</summary>
        public Sandbox(string document = "{}") : this("sandboxes", document, true) { }

        private Sandbox(string path, string body, bool drops)
        {
            server = FindServer();
            World = Read<World>(Ask("POST", path, body));
            this.drops = drops;
        }

        /// <summary>Reset a sandbox that exists and take it: for a service whose keys are fixed.</summary>
        public static Sandbox Use(string id = "default") { return new Sandbox("sandboxes/" + id + "/reset", "{}", false); }

        public void Dispose() { if (drops) Control("DELETE"); }

        /// <summary>Any call below this sandbox, JSON in and out: Control("GET", "/exchanges").</summary>
        public string Control(string verb, string path = "", string body = "")
        {
            return Ask(verb, "sandboxes/" + World.Id + path, body);
        }

        /// <summary>Open an exchange as the buyer; fields in JSON.</summary>
        public Exchange Open(string fields = "{}") { return Read<Exchange>(Control("POST", "/exchanges", fields)); }

        public Exchange Show(string id) { return Read<Exchange>(Control("GET", "/exchanges/" + id)); }

        /// <summary>Play a party: Move(id, "buyer", "ship_back").</summary>
        public Exchange Move(string id, string by, string move)
        {
            string body = "{\"by\":\"" + by + "\",\"move\":\"" + move + "\"}";
            return Read<Exchange>(Control("POST", "/exchanges/" + id + "/moves", body));
        }

        /// <summary>Let time pass: "7d", "6d23h59m59s".</summary>
        public string Advance(string by) { return Control("POST", "/clock/advance", "{\"by\":\"" + by + "\"}"); }

        public void Reset() { Control("POST", "/reset", "{}"); }

        private static T Read<T>(string json)
        {
            using (var stream = new MemoryStream(Encoding.UTF8.GetBytes(json)))
                return (T)new DataContractJsonSerializer(typeof(T)).ReadObject(stream);
        }

        private static World FindServer()
        {
            string url = Environment.GetEnvironmentVariable("TMALL_MOCKSERVER_URL");
            string token = Environment.GetEnvironmentVariable("TMALL_MOCKSERVER_TOKEN");
            if (!string.IsNullOrEmpty(url)) return new World { Url = url, Token = token };
            string file = Environment.GetEnvironmentVariable("TMALL_MOCKSERVER_READY_FILE");
            var folder = new DirectoryInfo(Directory.GetCurrentDirectory());
            for (; string.IsNullOrEmpty(file) && folder != null; folder = folder.Parent)
                if (File.Exists(Path.Combine(folder.FullName, ".mockserver.json")))
                    file = Path.Combine(folder.FullName, ".mockserver.json");
            if (string.IsNullOrEmpty(file) || !File.Exists(file)) throw new InvalidOperationException(NoServer);
            World ready = null;
            try { ready = Read<World>(File.ReadAllText(file)); } catch (Exception) { } // said below
            if (ready?.Url != null && ready.Token != null) return ready;
            throw new InvalidOperationException(file + ": " + NoServer);
        }

        private string Ask(string verb, string path, string body)
        {
            var request = (HttpWebRequest)WebRequest.Create(server.Url + "/_sandbox/" + path);
            request.Method = verb;
            request.Proxy = null;
            request.KeepAlive = false; // Mono may write to a connection that is closed
            request.Timeout = 30000;
            request.ContentType = "application/json";
            request.Headers["Authorization"] = "Bearer " + server.Token;
            byte[] content = Encoding.UTF8.GetBytes(body);
            try
            {
                if (content.Length > 0)
                    using (var stream = request.GetRequestStream()) stream.Write(content, 0, content.Length);
                using (var reply = request.GetResponse())
                using (var reader = new StreamReader(reply.GetResponseStream(), Encoding.UTF8)) return reader.ReadToEnd();
            }
            catch (WebException error)
            {
                if (error.Response == null)
                    throw new InvalidOperationException(server.Url + ": " + error.Message + "; " + NoServer, error);
                using (var reader = new StreamReader(error.Response.GetResponseStream(), Encoding.UTF8))
                    throw new InvalidOperationException(
                        verb + " " + path + ": " + (int)((HttpWebResponse)error.Response).StatusCode + " " + reader.ReadToEnd());
            }
        }
    }
}
