// node:test runs it without installs; with Vitest take the hooks from "vitest", with Jest the globals.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { afterEach, beforeEach, test } from "node:test";
import { Sandbox, sandboxPerTest } from "./mockserver.mjs";

const sandbox = sandboxPerTest({ beforeEach, afterEach }, { clock: "2026-03-01 10:00:00" });

// Stands for your own client: one signed TOP call.
async function callTop(box, method, params) {
  const all = {
    method, app_key: box.appKey, session: box.session, format: "json", v: "2.0", sign_method: "md5",
    timestamp: "2026-03-01 10:00:00", ...params,
  };
  const text = Object.keys(all).sort().map((key) => key + all[key]).join("");
  const sign = createHash("md5").update(box.appSecret + text + box.appSecret).digest("hex").toUpperCase();
  const reply = await fetch(box.gateway, { method: "POST", body: new URLSearchParams({ ...all, sign }) });
  return reply.json();
}

test("the seller agrees and the exchange waits for the buyer", async () => {
  const { dispute_id } = await sandbox().open();
  await callTop(sandbox(), "tmall.exchange.agree", { dispute_id, address_id: "10000002", fields: "dispute_id" });
  assert.equal((await sandbox().show(dispute_id)).status, 2);
  await sandbox().move(dispute_id, "buyer", "ship_back");
  assert.equal((await sandbox().show(dispute_id)).status, 3);
});

test("an exchange that nobody answers does not stay open for ever", async () => {
  const { dispute_id, deadline } = await sandbox().open();
  assert.ok(deadline);
  const { fired } = await sandbox().advance("60d");
  assert.ok(fired.length > 0);
  assert.notEqual((await sandbox().show(dispute_id)).status, 1);
});

test("each test has a world of its own, and reset empties it", async () => {
  assert.equal((await sandbox().control("GET", "exchanges")).total, 0);
  await sandbox().open();
  await sandbox().reset();
  assert.equal((await sandbox().control("GET", "exchanges")).total, 0);
});

test("a service whose keys are fixed uses the default sandbox", async () => {
  const fixed = await Sandbox.use("default");
  assert.equal(fixed.id, "default");
});

test("the control API says what is wrong", async () => {
  await assert.rejects(sandbox().open({ status: 99 }), /400.*status/s);
});
