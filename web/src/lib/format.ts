// SPDX-License-Identifier: MIT
// Numbers and units as people read them, in the reader's language: 1,234.5 µs, 12.3 ms, 45 %.

const NARROW_SPACE = "\u202f";

export interface Unit {
  symbol: string;
  ns: number;
}

const UNITS: readonly Unit[] = [
  { symbol: "s", ns: 1e9 },
  { symbol: "ms", ns: 1e6 },
  { symbol: "µs", ns: 1e3 },
  { symbol: "ns", ns: 1 },
];

/* A format takes far longer to make than to use. */
const formats = new Map<string, Intl.NumberFormat>();

function numberFormat(locale: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const { useGrouping, minimumFractionDigits, maximumFractionDigits, maximumSignificantDigits } = options;
  const digits = `${minimumFractionDigits} ${maximumFractionDigits} ${maximumSignificantDigits}`;
  const key = `${locale} ${useGrouping} ${digits}`;
  let format = formats.get(key);
  if (!format) {
    format = new Intl.NumberFormat(locale, options);
    formats.set(key, format);
  }
  return format;
}

/* These are their digits in every language of the page. The first format of a page costs it a
   tenth of its first picture, which has no other numbers. */
const isDigits = (value: number): boolean => Number.isInteger(value) && value >= 0 && value < 1000;

/** As one types it: nothing between thousands. */
export function formatTyped(value: number, locale: string): string {
  if (isDigits(value)) return String(value);
  return numberFormat(locale, { useGrouping: false, maximumFractionDigits: 6 }).format(value);
}

/* Groups of three digits with what stands between thousands: a space anywhere, and a comma where
 * it is no decimal one. */
const GROUPED = /^\d{1,3}([\s\u00a0\u202f]\d{3})+(?![\d])/;
const GROUPED_BY_COMMA = /^\d{1,3}(,\d{3})+(\.\d*)?$/;

/** What somebody has typed, thousands apart or not, with a decimal point or comma; NaN if it is no
 * number. In English "1,000" is a thousand. */
export function readTyped(text: string, locale: string): number {
  const plain = text.trim();
  if (plain === "") return NaN;
  if (locale.startsWith("en") && GROUPED_BY_COMMA.test(plain)) return Number(plain.replaceAll(",", ""));
  const closed = GROUPED.test(plain) ? plain.replace(/[\s\u00a0\u202f]/g, "") : plain;
  return Number(closed.replace(",", "."));
}

/** With up to three decimals, as `toLocaleString` has it. */
export function formatPlain(value: number, locale: string): string {
  if (isDigits(value)) return String(value);
  return numberFormat(locale, {}).format(value);
}

export function formatNumber(value: number, locale: string, digits = 3): string {
  if (isDigits(value)) return String(value);
  const plain = Math.abs(value) >= 10 ** digits || Number.isInteger(value);
  return numberFormat(
    locale,
    plain ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: digits },
  ).format(value);
}

/** The largest unit in which `ns` is at least 1. */
export function unitFor(ns: number): Unit {
  const magnitude = Math.abs(ns);
  return UNITS.find((unit) => magnitude >= unit.ns) ?? (UNITS[UNITS.length - 1] as Unit);
}

export function formatDuration(ns: number, locale: string, digits = 3): string {
  const unit = unitFor(ns);
  return `${formatNumber(ns / unit.ns, locale, digits)}${NARROW_SPACE}${unit.symbol}`;
}

/** A moment on the clock, with as many decimals as tell it from a neighbour `resolution` away. */
export function formatInstant(ns: number, resolution: number, locale: string): string {
  if (ns === 0) return "0";
  const unit = unitFor(ns);
  const step = Math.max(resolution, 1) / unit.ns;
  const decimals = Math.min(9, Math.max(0, Math.ceil(-Math.log10(step))));
  const text = numberFormat(locale, {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  }).format(ns / unit.ns);
  return `${text}${NARROW_SPACE}${unit.symbol}`;
}

/** Moments of one column: all in one unit, with as many decimals as tell each from the next. */
export function formatInstants(times: readonly number[], locale: string): string[] {
  const sorted = [...new Set(times)].sort((a, b) => a - b);
  const largest = sorted.at(-1) ?? 0;
  const gaps = sorted.slice(1).map((time, index) => time - (sorted[index] ?? 0));
  const unit = unitFor(largest);
  // Alone it has as many digits as a duration.
  const step = Math.max(1, Math.min(...gaps, largest / 1000)) / unit.ns;
  const decimals = Math.min(9, Math.max(0, Math.ceil(-Math.log10(step))));
  const format = numberFormat(locale, { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  return times.map((time) => `${format.format(time / unit.ns)}${NARROW_SPACE}${unit.symbol}`);
}

/* Sums of shares that are the whole are 1 but for the rounding of their floats. */
const ALL = 1 - 1e-9;

/** In percent; what is nearly nothing or nearly all is not said to be that. */
export function formatShare(share: number, locale: string): string {
  const percent = share < 1 && share > ALL ? 100 : share * 100;
  const text = (value: number, digits: number): string =>
    isDigits(value)
      ? String(value)
      : numberFormat(locale, { maximumFractionDigits: digits }).format(value);
  const unit = `${NARROW_SPACE}%`;
  if (percent > 0 && percent < 0.1) return `<${text(0.1, 1)}${unit}`;
  if (percent > 99.9 && percent < 100) return `>${text(99.9, 1)}${unit}`;
  const small = percent > 0 && percent < 10;
  const nearlyAll = percent >= 99.5 && percent < 100;
  return `${text(percent, small || nearlyAll ? 1 : 0)}${unit}`;
}

const NS_PER: Record<string, number> = { ns: 1, us: 1e3, ms: 1e6, s: 1e9 };

/** A metric's value in its unit: times scale by themselves, ratios become percentages. */
export function formatMetric(value: number, unit: string, locale: string): string {
  const ns = NS_PER[unit];
  if (ns !== undefined) return formatDuration(value * ns, locale);
  if (unit === "ratio") return formatShare(value, locale);
  if (unit === "1/s") return `${formatNumber(value, locale)}${NARROW_SPACE}/s`;
  if (unit === "count" || unit === "") return formatNumber(value, locale, 4);
  return `${formatNumber(value, locale)}${NARROW_SPACE}${unit}`;
}

const BYTES: readonly (readonly [number, string])[] = [
  [1e9, "GB"],
  [1e6, "MB"],
  [1e3, "kB"],
];

export function formatBytes(bytes: number, locale: string): string {
  const [size, symbol] = BYTES.find(([least]) => bytes >= least) ?? [1, "B"];
  return `${formatNumber(bytes / size, locale)}${NARROW_SPACE}${symbol}`;
}

export function formatDate(ms: number, locale: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" }).format(ms);
}
