// SPDX-License-Identifier: MIT
import "./styles/fonts.css";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/components.css";
import "./styles/ask.css";
import "./styles/grid.css";
import "./styles/side-by-side.css";
import "./styles/runs.css";
import "./styles/stage.css";
import "./styles/lanes.css";
import "./styles/notes.css";
import "./styles/timeline.css";
import "./styles/api.css";
import "./styles/palette.css";
import "./styles/modes.css";
import "uplot/dist/uPlot.min.css";

import { render } from "preact";
import { earlyCatalogue } from "./state/catalogue";
import { languageReady } from "./state/preferences";
import { App } from "./views/app";

await Promise.all([languageReady, earlyCatalogue()]);
const root = document.getElementById("app");
if (root) render(<App />, root);
