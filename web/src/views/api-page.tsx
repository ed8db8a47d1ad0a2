// SPDX-License-Identifier: MIT
// The API: what the server's own contract says, for people. The words of the contract are English.

import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useMemo } from "preact/hooks";
import { getContract } from "../api";
import { type OpenApi, type Operation, operationsOf } from "../lib/contract";
import { t } from "../state/preferences";
import { createResource } from "../state/resource";
import { OperationView } from "./api-operation";
import { Prose } from "./api-prose";
import { SchemaView } from "./api-schema";
import { Failed, Loading } from "./feedback";

const contract = createResource(getContract);

function Section(props: { title: string; note?: string; children: ComponentChildren }) {
  return (
    <section class="api-section">
      <div>
        <h2 class="section-title">{props.title}</h2>
        {props.note && (
          <p class="section-note" lang="en">
            {props.note}
          </p>
        )}
      </div>
      <div class="api-list">{props.children}</div>
    </section>
  );
}

function Reference({ of, place }: { of: OpenApi; place: string | null }) {
  const operations = useMemo(() => operationsOf(of), [of]);
  const inTag = (tag: string): Operation[] => operations.filter((operation) => operation.tag === tag);
  // Before anything is painted: a page that is opened at a place stands there at once.
  useLayoutEffect(() => {
    const target = place === null ? null : document.getElementById(`api-${place}`);
    if (target instanceof HTMLDetailsElement) {
      target.open = true;
      target.scrollIntoView({ block: "start" });
      target.querySelector("summary")?.focus({ preventScroll: true });
    }
  }, [place]);
  return (
    <>
      <details class="disclosure">
        <summary>{t("api.conventions")}</summary>
        <Prose text={of.info.description} />
      </details>
      {of.tags.map(({ name, description }) => (
        <Section key={name} title={name} note={description}>
          {inTag(name).map((operation) => (
            <OperationView key={operation.id} operation={operation} />
          ))}
        </Section>
      ))}
      <Section title={t("api.schemas")}>
        {Object.entries(of.components.schemas).map(([name, schema]) => (
          <SchemaView key={name} name={name} schema={schema} />
        ))}
      </Section>
    </>
  );
}

export function ApiPage({ place }: { place: string | null }) {
  useEffect(() => contract.ensure(), []);
  const state = contract.state.value;
  return (
    <div class="page">
      <div class="page-head">
        <h1 class="page-title">{t("api.title")}</h1>
        <p class="page-lead">{t("api.lead")}</p>
        <p class="api-files">
          <a href="/openapi.json">openapi.json</a>
          <a href="/api/v1/schema">{t("api.document")}</a>
        </p>
      </div>
      {state.status === "failed" ? (
        <Failed error={state.error} retry={contract.ensure} />
      ) : state.status === "ready" ? (
        <Reference of={state.value} place={place} />
      ) : (
        <Loading lines={8} />
      )}
    </div>
  );
}
