// SPDX-License-Identifier: MIT
// All that is drawn with uPlot: a script of its own, read when the first chart is wanted.

export { ScalingChart } from "./scaling-chart";
export { SweepChart } from "./sweep-chart";
