"use strict";

const talk = document.getElementById("talk");
const form = document.getElementById("form");
const text = document.getElementById("text");
let after = 0;

function bubble(kind) {
  const element = document.createElement("div");
  element.className = "bubble " + kind;
  talk.append(element);
  return element;
}

function show(message) {
  const element = bubble("");
  let quote = null;
  message.text.split("\n").forEach((line, number) => {
    if (line.startsWith("> ")) {
      if (quote) quote.textContent += "\n" + line.slice(2);
      else {
        quote = document.createElement("blockquote");
        quote.textContent = line.slice(2);
        element.append(quote);
      }
      return;
    }
    quote = null;
    const part = document.createElement("div");
    if (number === 0) part.className = "first";
    part.textContent = line || "\u00a0";
    element.append(part);
  });
  for (const name of message.files) {
    const link = document.createElement("a");
    link.href = "/api/files/" + encodeURIComponent(name);
    link.textContent = name;
    element.append(link);
  }
  for (const row of message.buttons) {
    const line = document.createElement("div");
    line.className = "row";
    for (const button of row) {
      const key = document.createElement("button");
      key.type = "button";
      key.textContent = button.label;
      key.addEventListener("click", () => send({ press: button.data }, button.label));
      line.append(key);
    }
    element.append(line);
  }
  element.scrollIntoView({ block: "start", behavior: "smooth" });
}

function identity() {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (b) => b.toString(16).padStart(2, "0")).join("");
}

async function send(what, said) {
  bubble("mine").textContent = said;
  talk.scrollTop = talk.scrollHeight;
  const body = JSON.stringify({ id: identity(), ...what });
  for (let attempt = 0; attempt < 5; attempt += 1) {
    try {
      const response = await fetch("/api/messages", { method: "POST", body });
      if (response.ok) return;
      if (response.status < 500) break;
    } catch {
      // the server is away: the same message under the same id is sent again
    }
    await new Promise((resume) => setTimeout(resume, 1000 * 2 ** attempt));
  }
  bubble("fault").textContent = "没有发送成功，请稍后再试。";
}

async function listen() {
  for (;;) {
    try {
      const response = await fetch("/api/messages?after=" + after);
      if (!response.ok) throw new Error(String(response.status));
      const got = await response.json();
      got.messages.forEach(show);
      after = got.count;
    } catch {
      await new Promise((resume) => setTimeout(resume, 2000));
    }
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const question = text.value.trim();
  if (!question) return;
  text.value = "";
  send({ text: question }, question);
});

text.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    form.requestSubmit();
  }
});

listen();
send({ text: "/start" }, "开始");
