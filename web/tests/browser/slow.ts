// SPDX-License-Identifier: MIT
// A slow way to a server: passes everything on, each answer as much later as it is told, and
// remembers what was asked.

import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";

/* The page asks on within that time after an answer. */
const REST_MS = 400;

export interface SlowServer {
  address: string;
  /** "POST /api/v1/experiments", in the order in which they came. */
  asked: string[];
  /** Comes back when nothing was under way for a while; a stream of events does not count. */
  idle(): Promise<void>;
  stop(): Promise<void>;
}

/** `delay` says for the n-th request how many milliseconds later its answer begins. */
export async function slowDown(address: string, delay: (n: number) => number): Promise<SlowServer> {
  const { hostname, port } = new URL(address);
  const asked: string[] = [];
  let underWay = 0;
  let restsSince = Date.now();
  const server = createServer((incoming, outgoing) => {
    const { method = "GET", url = "/", headers } = incoming;
    const counts = !url.startsWith("/api/v1/events");
    if (counts) underWay += 1;
    const late = delay(asked.push(`${method} ${url}`));
    const passedOn = request({ hostname, port, method, path: url, headers, agent: false }, (answer) => {
      const timer = setTimeout(() => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      }, late);
      outgoing.on("close", () => {
        clearTimeout(timer);
        answer.destroy();
      });
    });
    passedOn.on("error", () => outgoing.destroy());
    outgoing.on("close", () => {
      passedOn.destroy();
      if (counts && --underWay === 0) restsSince = Date.now();
    });
    incoming.pipe(passedOn);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async idle() {
      while (underWay > 0 || Date.now() - restsSince < REST_MS) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
