// SPDX-License-Identifier: MIT
// Asks the server for what the first page shows while its scripts are still on their way. A
// script of its own, which waits for nothing.

import { askEarly, FIRST_QUESTIONS } from "./lib/early-questions";

if (/^(#\/?)?(\?|$)/.test(window.location.hash)) askEarly(FIRST_QUESTIONS);
