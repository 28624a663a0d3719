// What htmx does not do: ask while the page is looked at, keep open what is open, count down, copy.
"use strict";

const POLL_MS = 2000;
const english = document.documentElement.lang === "en";

// A field that somebody types into, or has typed into, is not replaced under their hands.
function isTyping(live) {
  const active = document.activeElement;
  const edited = (field) => (field.type === "checkbox"
    ? field.checked !== field.defaultChecked
    : field.value !== field.defaultValue);
  return (live.contains(active) && active.matches("input, select, textarea"))
    || [...live.querySelectorAll("input, textarea")].some(edited);
}

// One more member of a list: a copy of the last one, empty, with the next number in its names.
function addMember(group) {
  const place = group.dataset.place;
  const members = group.querySelectorAll(":scope > .member");
  const last = members[members.length - 1];
  const number = Number(last.querySelector("[name]").name.slice(place.length + 1).split(".")[0]);
  const copy = last.cloneNode(true);
  const move = (text) => text.replace(`${place}.${number}.`, `${place}.${number + 1}.`);
  for (const field of copy.querySelectorAll("[name]")) {
    field.name = move(field.name);
    field.value = "";
  }
  for (const inner of copy.querySelectorAll("[data-place]")) {
    inner.dataset.place = move(inner.dataset.place);
  }
  copy.querySelector("legend").textContent = `${place} ${members.length + 1}`;
  last.after(copy);
  copy.querySelector("[name]").focus();
}

function poll() {
  const live = document.getElementById("live");
  if (live && document.visibilityState === "visible" && !isTyping(live)) {
    htmx.trigger(live, "poll");
  }
}

function showOffline(hidden) {
  document.getElementById("offline").hidden = hidden;
}

let opened = [];
let focused = "";

function remember(live) {
  opened = [...live.querySelectorAll("details[open][id]")].map((item) => item.id);
  focused = live.contains(document.activeElement) ? document.activeElement.closest("[id]")?.id : "";
}

function restore() {
  for (const id of opened) {
    document.getElementById(id)?.setAttribute("open", "");
  }
  if (focused && focused !== "live") {
    const item = document.getElementById(focused);
    (item?.querySelector("summary") ?? item)?.focus();
  }
  enrich(document);
}

function formatSpan(seconds) {
  const parts = [[86400, "d"], [3600, "h"], [60, "m"], [1, "s"]];
  let left = Math.max(0, seconds);
  let text = "";
  for (const [unit, name] of parts) {
    const count = Math.floor(left / unit);
    left -= count * unit;
    if (count) text += `${count}${name}`;
  }
  return text || "0s";
}

function countDown(step) {
  for (const item of document.querySelectorAll("[data-left]")) {
    if (step && "running" in item.dataset) {
      item.dataset.left = String(Number(item.dataset.left) - step);
    }
    item.textContent = formatSpan(Number(item.dataset.left));
  }
}

function addCopyButton(code) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "link copy";
  button.textContent = english ? "Copy" : "复制";
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = english ? "Copied" : "已复制";
    } catch {
      getSelection().selectAllChildren(code);
    }
  });
  (code.closest("pre") ?? code).after(button);
}

function enrich(root) {
  for (const button of root.querySelectorAll("button.add")) button.hidden = false;
  for (const code of root.querySelectorAll("[data-copy]")) {
    if (!("ready" in code.dataset)) {
      code.dataset.ready = "";
      addCopyButton(code);
    }
  }
  // the present status stands in the middle of a diagram that is wider than the screen
  for (const figure of root.querySelectorAll(".figure")) {
    const present = figure.querySelector(".present rect");
    if (present && !("ready" in figure.dataset)) {
      figure.dataset.ready = "";
      const box = present.getBoundingClientRect();
      const frame = figure.getBoundingClientRect();
      figure.scrollLeft += box.left + box.width / 2 - frame.left - frame.width / 2;
      figure.scrollTop += box.top + box.height / 2 - frame.top - frame.height / 2;
    }
  }
  countDown(0);
}

document.addEventListener("DOMContentLoaded", () => {
  enrich(document);
  setInterval(poll, POLL_MS);
  setInterval(() => countDown(1), 1000);
  document.body.addEventListener("click", (event) => {
    if (event.target.matches("button.add")) addMember(event.target.parentElement);
  });
  document.body.addEventListener("htmx:beforeSwap", (event) => remember(event.detail.target));
  document.body.addEventListener("htmx:afterSettle", restore);
  document.body.addEventListener("htmx:sendError", () => showOffline(false));
  document.body.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.xhr.status) showOffline(event.detail.xhr.status < 400);
  });
});
