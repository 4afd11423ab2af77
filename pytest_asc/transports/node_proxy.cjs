// Preloaded with NODE_OPTIONS. Node's built-in fetch uses HTTPS_PROXY from 22.21 and 24.0 on; this is for older versions.
//
// It uses two documented features of undici, the library of fetch: the global dispatcher, which the copy in Node and the
// package share under one symbol, and an agent's option for a custom function that connects.
"use strict";
const [major, minor] = process.versions.node.split(".").map(Number);
const needsHelp = typeof globalThis.fetch === "function" && major < 24 && !(major === 22 && minor >= 21);
const proxy = process.env.NODE_USE_ENV_PROXY === "1" && process.env.HTTPS_PROXY;
if (needsHelp && proxy) {
  const symbol = Symbol.for("undici.globalDispatcher.1");
  const emitWarning = process.emitWarning;
  try {
    process.emitWarning = () => {}; // Node 18 calls fetch experimental as soon as it is loaded
    void new Response(); // loads undici, which sets its default agent
    const Agent = globalThis[symbol]?.constructor;
    if (Agent?.name === "Agent") globalThis[symbol] = new Agent({connect: connectTo(new URL(proxy))});
  } finally {
    process.emitWarning = emitWarning;
  }
}

function connectTo(proxy) {
  const net = require("node:net"), tls = require("node:tls"), http = require("node:http");
  const direct = new Set((process.env.NO_PROXY ?? "").split(",").map(name => name.trim()).filter(Boolean));
  return ({hostname, port, protocol, servername}, callback) => {
    const host = hostname.replace(/^\[(.*)\]$/, "$1");
    const number = Number(port) || (protocol === "https:" ? 443 : 80);
    const finish = socket => {
      if (protocol !== "https:") return done(socket.setNoDelay(true));
      const name = servername || (net.isIP(host) ? undefined : host);
      const secure = tls.connect({socket, servername: name, ALPNProtocols: ["http/1.1"]});
      secure.once("error", failed).once("secureConnect", () => { secure.off("error", failed); done(secure); });
    };
    let called = false;
    const done = socket => { if (!called) { called = true; callback(null, socket); } };
    const failed = error => { if (!called) { called = true; callback(error); } };
    if (direct.has(host)) {
      const socket = net.connect({host, port: number});
      socket.once("error", failed).once("connect", () => { socket.off("error", failed); finish(socket); });
      return;
    }
    const authority = `${net.isIPv6(host) ? `[${host}]` : host}:${number}`;
    const request = http.request({host: proxy.hostname, port: proxy.port, method: "CONNECT", path: authority,
      headers: {Host: authority}, agent: false});
    request.once("error", failed).once("connect", (response, socket) => {
      if (response.statusCode === 200) return finish(socket);
      socket.destroy();
      failed(new Error(`the proxy refuses ${authority}: ${response.statusCode} ${response.statusMessage}`));
    });
    request.end();
  };
}
