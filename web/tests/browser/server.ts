// SPDX-License-Identifier: MIT
// A gilscope of our own for a test: a fresh database, a free port, gone afterwards.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";

export interface Server {
  address: string;
  /** The file of its database; others write into it while the server is ended. */
  database: string;
  stop(): Promise<void>;
  /** Ends the process with a signal. */
  end(signal: NodeJS.Signals): Promise<void>;
  /** After that: another process, at the same address, with the same database. */
  startAgain(): Promise<void>;
}

function readAddress(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let seen = "";
    const look = (chunk: Buffer): void => {
      seen += chunk.toString();
      const match = /http:\/\/127\.0\.0\.1:\d+/.exec(seen);
      if (match) resolve(match[0]);
    };
    child.stdout?.on("data", look);
    child.stderr?.on("data", look);
    child.on("error", reject);
    child.on("exit", (code) => reject(new Error(`server ended with ${code}:\n${seen}`)));
  });
}

/** `environment` is added to that of the test. */
export async function startServer(environment: Record<string, string> = {}): Promise<Server> {
  const executable = process.env.GILSCOPE_BIN;
  if (!executable) throw new Error("GILSCOPE_BIN must name the gilscope executable");
  const folder = mkdtempSync(join(tmpdir(), "gilscope-web-"));
  let child: ChildProcess;
  let gone: Promise<void>;
  const database = join(folder, "test.db");
  const launch = (port: string): Promise<string> => {
    const args = ["serve", "--port", port, "--database", database];
    child = spawn(executable, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...environment },
    });
    gone = new Promise<void>((resolve) => child.on("exit", () => resolve()));
    return readAddress(child);
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await gone;
  };
  const stop = async (): Promise<void> => {
    await end("SIGTERM");
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const address = await launch("0");
    const startAgain = async (): Promise<void> => {
      await launch(new URL(address).port);
    };
    return { address, database, stop, end, startAgain };
  } catch (reason) {
    rmSync(folder, { recursive: true, force: true });
    throw reason;
  }
}

export function startBrowser(): Promise<Browser> {
  const root = typeof process.getuid === "function" && process.getuid() === 0;
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: root ? ["--no-sandbox"] : [],
  });
}
