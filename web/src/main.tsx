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
import { openOwnQuestion } from "./state/ask";
import { earlyCatalogue } from "./state/catalogue";
import { isPrebuilt, setPrebuilt } from "./state/prebuilt";
import { languageReady } from "./state/preferences";
import { route } from "./state/router";
import { App } from "./views/app";
import { repeatEarlyDeeds } from "./views/early-hand";
import { keepPlaces } from "./views/places";

keepPlaces();

await Promise.all([languageReady, earlyCatalogue()]);
const root = document.getElementById("app");
const at = route.peek();
// Drawn at once, as it is on the page that is there.
if (at.page === "ask" && at.preset === null && at.experiment === null) openOwnQuestion();
if (root) {
  // What is there and belongs there stays, and is corrected where it differs.
  if (!isPrebuilt) root.replaceChildren();
  render(<App />, root);
  setPrebuilt(undefined);
  repeatEarlyDeeds();
}
