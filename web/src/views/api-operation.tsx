// SPDX-License-Identifier: MIT
// One operation: what it is asked with, what it answers, and a line to try it.

import { useState } from "preact/hooks";
import { type Answer, type Body, boundsOf, curlLine, type Example, type Operation } from "../lib/contract";
import { prettyJson } from "../lib/json-pretty";
import { t } from "../state/preferences";
import { Prose } from "./api-prose";
import { SchemaBody, TypeWords } from "./api-schema";

function Parameters({ operation }: { operation: Operation }) {
  if (operation.parameters.length === 0) return null;
  return (
    <>
      <h3>{t("api.parameters")}</h3>
      <table class="table api-members">
        <tbody>
          {operation.parameters.map((it) => (
            <tr key={it.name}>
              <th scope="row">
                <code>{it.name}</code>
                <span class="api-where">{it.in}</span>
                {it.required && <span class="api-required">{t("api.required")}</span>}
              </th>
              <td>
                <code class="api-type">
                  <TypeWords schema={it.schema} />
                </code>
                {boundsOf(it.schema).map((bound) => (
                  <code key={bound} class="api-bound">
                    {bound}
                  </code>
                ))}
                {it.description && <Prose text={it.description} />}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

/* There are hundreds of them, and few are ever looked at: the others have no text. */
function ExampleView({ example: { name, value } }: { example: Example }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details class="disclosure" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        {t("api.example")} {name !== "" && <code lang="en">{name}</code>}
      </summary>
      {isOpen && <pre class="document">{typeof value === "string" ? value : prettyJson(value)}</pre>}
    </details>
  );
}

function BodyView({ body }: { body: Body }) {
  return (
    <div class="api-media">
      <span class="api-where">{body.type}</span>
      {body.schema && <SchemaBody schema={body.schema} />}
      {Object.entries(body.events).map(([name, schema]) => (
        <p key={name}>
          <code>event: {name}</code>{" "}
          <code class="api-type">
            <TypeWords schema={schema} />
          </code>
        </p>
      ))}
      {body.examples.map((example) => (
        <ExampleView key={example.name} example={example} />
      ))}
    </div>
  );
}

function AnswerRow({ answer }: { answer: Answer }) {
  return (
    <tr>
      <th scope="row">
        <code>{answer.status}</code>
      </th>
      <td>
        <Prose text={answer.description} />
        {answer.bodies.map((body) => (
          <BodyView key={body.type} body={body} />
        ))}
      </td>
    </tr>
  );
}

export function OperationView({ operation }: { operation: Operation }) {
  return (
    <details class="api-item" id={`api-${operation.id}`}>
      <summary>
        <span class="api-method" data-method={operation.method}>
          {operation.method}
        </span>
        <code class="api-path">{operation.path}</code>
        <span class="api-summary" lang="en">
          {operation.summary}
        </span>
      </summary>
      <div class="api-body">
        <Prose text={operation.description} />
        <Parameters operation={operation} />
        {operation.body && (
          <>
            <h3>{t("api.body")}</h3>
            <BodyView body={operation.body} />
          </>
        )}
        <h3>{t("api.answers")}</h3>
        <table class="table api-members">
          <tbody>
            {operation.answers.map((answer) => (
              <AnswerRow key={answer.status} answer={answer} />
            ))}
          </tbody>
        </table>
        <h3>{t("api.try")}</h3>
        <pre class="document">{curlLine(operation, location.origin)}</pre>
      </div>
    </details>
  );
}
