// SPDX-License-Identifier: MIT
// Questions to the server that one script has asked (early.ts) and another one, which comes
// later, wants the answers of (api/request.ts). Each answer can be taken once.

declare global {
  var earlyAnswers: Map<string, Promise<Response>> | undefined;
}

/** Of the catalogue, which every question on the first page is made of. */
export const FIRST_QUESTIONS = [
  "/api/v1/presets",
  "/api/v1/models?parameters=cores,python_cost",
  "/api/v1/metrics",
] as const;

export function askEarly(addresses: readonly string[]): void {
  globalThis.earlyAnswers = new Map(
    addresses.map((address) => {
      const answer = fetch(address);
      answer.catch(() => undefined); // whoever takes it is told
      return [address, answer];
    }),
  );
}

export function wasAskedEarly(): boolean {
  return globalThis.earlyAnswers !== undefined;
}

/** Undefined when nobody asked, or the answer is taken. */
export function takeEarly(address: string): Promise<Response> | undefined {
  const answer = globalThis.earlyAnswers?.get(address);
  globalThis.earlyAnswers?.delete(address);
  return answer;
}
