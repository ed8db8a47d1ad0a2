// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  readTyped,
  formatDuration,
  formatInstant,
  formatInstants,
  formatMetric,
  formatNumber,
  formatShare,
} from "../../src/lib/format";
import { ticksBetween } from "../../src/lib/ticks";

/* Spaces of any width count as one. */
const plain = (text: string): string => text.replace(/\s/g, " ");

test("durations take the largest unit that is at least one", () => {
  assert.equal(plain(formatDuration(5_035_000, "en")), "5.04 ms");
  assert.equal(plain(formatDuration(999, "en")), "999 ns");
  assert.equal(plain(formatDuration(1_500, "en")), "1.5 µs");
  assert.equal(plain(formatDuration(12_000_000_000, "en")), "12 s");
  assert.equal(plain(formatDuration(0, "en")), "0 ns");
});

test("Polish writes a decimal comma", () => {
  assert.equal(plain(formatDuration(5_035_000, "pl")), "5,04 ms");
  assert.equal(plain(formatShare(0.0512, "pl")), "5,1 %");
});

test("neighbouring moments a pixel apart read differently", () => {
  const one = formatInstant(1_203_456_000, 20_000, "en");
  const two = formatInstant(1_203_476_000, 20_000, "en");
  assert.notEqual(one, two);
  assert.equal(plain(formatInstant(20_000_000, 50_000, "en")), "20.00 ms");
});

test("moments of a column differ when they do, and are aligned", () => {
  const column = (...times: number[]): string[] => formatInstants(times, "en").map(plain);
  assert.deepEqual(column(0, 5_000_000, 5_000_200), ["0.0000 ms", "5.0000 ms", "5.0002 ms"]);
  assert.deepEqual(column(900_000, 1_203_456_000), ["0.001 s", "1.203 s"]);
  assert.deepEqual(column(1_203_456_000, 1_203_456_001), ["1.203456000 s", "1.203456001 s"]);
  assert.deepEqual(column(1234), ["1.234 µs"]);
  assert.deepEqual(column(0), ["0 ns"]);
  assert.deepEqual(column(), []);
  const close = Array.from({ length: 100 }, (_, index) => 7_000_000_000 + 37 * index);
  assert.equal(new Set(formatInstants(close, "pl")).size, close.length);
});

test("metrics follow their unit", () => {
  assert.equal(plain(formatMetric(80_000, "us", "en")), "80 ms");
  assert.equal(plain(formatMetric(0.485, "ratio", "en")), "49 %");
  assert.equal(plain(formatMetric(30_000, "1/s", "en")), "30,000 /s");
  assert.equal(plain(formatMetric(7, "count", "en")), "7");
  assert.equal(plain(formatMetric(3, "bytes", "en")), "3 bytes");
});

test("small shares are not rounded to nothing", () => {
  assert.equal(plain(formatShare(0.0001, "en")), "<0.1 %");
  assert.equal(plain(formatShare(0, "en")), "0 %");
  assert.equal(plain(formatShare(0.994, "en")), "99 %");
  assert.equal(plain(formatShare(0.996, "pl")), "99,6 %");
  assert.equal(plain(formatShare(0.9996, "en")), ">99.9 %");
  assert.equal(plain(formatShare(0.1 * 3 + 0.7, "en")), "100 %");
  assert.equal(plain(formatShare(1 - 2 ** -52, "en")), "100 %");
  assert.equal(plain(formatShare(1, "en")), "100 %");
  assert.equal(formatNumber(0.000123456, "en"), "0.000123");
});

test("ticks are round, inside the window and about as many as asked for", () => {
  for (const [from, to] of [
    [0, 1e9],
    [123_456, 789_012],
    [5, 9],
    [20e6, 60e6],
  ] as const) {
    const { at, step } = ticksBetween(from, to, 8);
    assert.ok(at.length >= 1 && at.length <= 17, `${at.length} ticks`);
    assert.ok(
      at.every(
        (tick) =>
          tick >= from && tick <= to && Math.abs(tick / step - Math.round(tick / step)) < 1e-9,
      ),
    );
    assert.match(String(step), /^[125]0*$/);
  }
});

test("a typed number may have its thousands apart, as its language has it", () => {
  for (const [text, locale, value] of [
    ["1,000", "en", 1000],
    ["12,345,678.5", "en", 12345678.5],
    ["1,5", "en", 1.5],
    ["1,000", "pl", 1],
    ["0,25", "pl", 0.25],
    ["1 000", "pl", 1000],
    ["20\u00a0000,5", "pl", 20000.5],
    [" 1e3 ", "en", 1000],
    ["1,00,000", "en", NaN],
    ["1 00", "en", NaN],
    ["12 ms", "en", NaN],
    ["", "en", NaN],
  ] as const) {
    assert.equal(readTyped(text, locale), value, JSON.stringify([text, locale]));
  }
});
