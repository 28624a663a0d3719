// A sandbox of tmall-mockserver for each test of Vitest, Jest or node:test. 每个测试一个独立环境。
//
// The server is found by the variables that `tmall-mockserver exec -- CMD` exports, else by the ready
// file that `tmall-mockserver serve --detach` writes (.mockserver.json here or in a folder above).
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const NO_SERVER =
  "没有运行中的服务：用 `tmall-mockserver exec -- 测试命令`，或先运行 `tmall-mockserver serve --detach` " +
  "(no server: run the tests by `tmall-mockserver exec -- CMD`, or `tmall-mockserver serve --detach` first)";

/** Where the server is: `{ url, token }`; throws when nothing says it. */
export function findServer(folder = process.cwd()) {
  const { TMALL_MOCKSERVER_URL: url, TMALL_MOCKSERVER_TOKEN: token, TMALL_MOCKSERVER_READY_FILE: file } = process.env;
  if (url) return { url, token: token ?? "" };
  if (file && !existsSync(file)) throw new Error(`${file}: ${NO_SERVER}`);
  if (file) return readReadyFile(file);
  for (let here = folder; ; here = dirname(here)) {
    const path = join(here, ".mockserver.json");
    if (existsSync(path)) return readReadyFile(path);
    if (here === dirname(here)) throw new Error(NO_SERVER);
  }
}

function readReadyFile(path) {
  try {
    const { url, token } = JSON.parse(readFileSync(path, "utf8"));
    if (url && token) return { url, token };
  } catch { /* said below */ }
  throw new Error(`${path}: 不是就绪文件 (not a ready file); ${NO_SERVER}`);
}

async function ask({ url, token }, verb, path, body) {
  let reply;
  try {
    reply = await fetch(`${url}/_sandbox/${path}`, {
      method: verb,
      headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(30_000),
    });
  } catch (error) {
    throw new Error(`${url}: ${error.cause?.message ?? error.message}; ${NO_SERVER}`);
  }
  const text = await reply.text();
  if (!reply.ok) throw new Error(`${verb} ${path}: ${reply.status} ${text}`);
  return text ? JSON.parse(text) : null;
}

/** One isolated world: keys, session and gateway for your client, and the control API beside it. */
export class Sandbox {
  constructor(server, world) {
    this.server = server;
    this.id = world.id;
    this.appKey = world.app_key;
    this.appSecret = world.app_secret;
    this.session = world.session;
    this.subSession = world.sub_session;
    this.gateway = world.gateway;
  }

  /** Make a sandbox from a world document (`{}`: all is made up). */
  static async make(document = {}) {
    const server = findServer();
    return new Sandbox(server, await ask(server, "POST", "sandboxes", document));
  }

  /** Take a sandbox that exists, as it was made: for a service whose keys are fixed. */
  static async use(id = "default") {
    const server = findServer();
    return new Sandbox(server, await ask(server, "POST", `sandboxes/${encodeURIComponent(id)}/reset`));
  }

  /** Any call of the control API below this sandbox: `control("GET", "exchanges")`. */
  control(verb, path = "", body = undefined) {
    return ask(this.server, verb, `sandboxes/${encodeURIComponent(this.id)}${path && "/"}${path}`, body);
  }

  /** Open an exchange as the buyer; ids are text. */
  open(fields = {}) { return this.control("POST", "exchanges", fields); }

  show(disputeId) { return this.control("GET", `exchanges/${disputeId}`); }

  /** Play a party: `move(id, "buyer", "ship_back")`. */
  move(disputeId, by, move, fields = {}) {
    return this.control("POST", `exchanges/${disputeId}/moves`, { ...fields, by, move });
  }

  /** Let time pass: "7d", "6d23h59m59s". */
  advance(by) { return this.control("POST", "clock/advance", { by }); }

  reset() { return this.control("POST", "reset"); }

  drop() { return this.control("DELETE"); }
}

/**
 * A fresh sandbox before each test, dropped after it; pass the hooks of your test framework.
 * Returns a function that gives the sandbox of the running test.
 */
export function sandboxPerTest({ beforeEach, afterEach }, document = {}) {
  let sandbox;
  beforeEach(async () => { sandbox = await Sandbox.make(document); });
  afterEach(async () => {
    const over = sandbox;
    sandbox = undefined;
    await over?.drop();
  });
  return () => {
    if (!sandbox) throw new Error("sandboxPerTest: 只能在测试中使用 (only inside a test)");
    return sandbox;
  };
}
