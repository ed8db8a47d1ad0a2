// SPDX-License-Identifier: MIT
// The REST API, version 1, as this page uses it: the requests by subject, each with what the
// server answers.

export * from "./api/advice";
export * from "./api/catalogue";
export * from "./api/experiments";
export * from "./api/files";
export * from "./api/findings";
export * from "./api/notes";
export { ApiError, onSignedOut, type Problem, type ProblemDetail, type ProblemSentence } from "./api/request";
export { askReach, onReach, tellReach } from "./api/reach";
export * from "./api/runs";
export * from "./api/spans";
