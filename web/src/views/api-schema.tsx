// SPDX-License-Identifier: MIT
// A schema as a table of members; what it refers to is a link to where that is shown.

import { boundsOf, choicesOf, type Schema, schemaName, typeWords } from "../lib/contract";
import { apiRoute } from "../lib/route";
import { t } from "../state/preferences";
import { Prose } from "./api-prose";

/** In one line: "Run", "list of Run", "Run or null", "integer (int64)". */
export function TypeWords({ schema }: { schema: Schema }) {
  const name = schemaName(schema);
  if (name !== null) return <a href={apiRoute(name)}>{name}</a>;
  const choices = choicesOf(schema);
  if (choices.length > 0) {
    return (
      <>
        {choices.map((choice, index) => (
          <span key={index}>
            {index > 0 && " | "}
            <TypeWords schema={choice} />
          </span>
        ))}
      </>
    );
  }
  if (schema.items) {
    return (
      <>
        {typeWords(schema)} of <TypeWords schema={schema.items} />
      </>
    );
  }
  const others = schema.additionalProperties;
  if (typeof others === "object") {
    return (
      <>
        {typeWords(schema)} of <TypeWords schema={others} />
      </>
    );
  }
  return <>{typeWords(schema)}</>;
}

function Member(props: { name: string; schema: Schema; required: boolean }) {
  const { name, schema, required } = props;
  const inner = schema.properties ?? schema.items?.properties;
  return (
    <tr>
      <th scope="row">
        <code>{name}</code>
        {required && <span class="api-required">{t("api.required")}</span>}
      </th>
      <td>
        <code class="api-type">
          <TypeWords schema={schema} />
        </code>
        {boundsOf(schema).map((bound) => (
          <code key={bound} class="api-bound">
            {bound}
          </code>
        ))}
        {schema.description && <Prose text={schema.description} />}
        {inner && <Members schema={schema.properties ? schema : (schema.items as Schema)} />}
      </td>
    </tr>
  );
}

/** The members of an object. */
export function Members({ schema }: { schema: Schema }) {
  return (
    <table class="table api-members">
      <tbody>
        {Object.entries(schema.properties ?? {}).map(([name, member]) => (
          <Member
            key={name}
            name={name}
            schema={member}
            required={schema.required?.includes(name) === true}
          />
        ))}
      </tbody>
    </table>
  );
}

/** Whatever it is: members, or its type in a line. */
export function SchemaBody({ schema }: { schema: Schema }) {
  if (schema.properties) return <Members schema={schema} />;
  return (
    <p>
      <code class="api-type">
        <TypeWords schema={schema} />
      </code>
    </p>
  );
}

export function SchemaView({ name, schema }: { name: string; schema: Schema }) {
  return (
    <details class="api-item" id={`api-${name}`}>
      <summary>
        <code class="api-path">{name}</code>
      </summary>
      <div class="api-body">
        {schema.description && <Prose text={schema.description} />}
        <SchemaBody schema={schema} />
      </div>
    </details>
  );
}
