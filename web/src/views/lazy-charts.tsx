// SPDX-License-Identifier: MIT
// The charts without their script, a quarter of all: it is read when the first one is shown.

import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { ScalingChartProps } from "../charts/scaling-chart";
import type { SweepChartProps } from "../charts/sweep-chart";

const charts = signal<typeof import("../charts/charts") | null>(null);

function useCharts(): typeof charts.value {
  useEffect(() => {
    if (charts.peek()) return;
    import("../charts/charts")
      .then((loaded) => {
        charts.value = loaded;
      })
      .catch(() => {
        // The table has the same figures; the next chart tries again.
      });
  }, []);
  return charts.value;
}

function Waiting() {
  return <div class="chart is-waiting" aria-busy="true" />;
}

export function SweepChart(props: SweepChartProps) {
  const loaded = useCharts();
  return loaded ? <loaded.SweepChart {...props} /> : <Waiting />;
}

export function ScalingChart(props: ScalingChartProps) {
  const loaded = useCharts();
  return loaded ? <loaded.ScalingChart {...props} /> : <Waiting />;
}
