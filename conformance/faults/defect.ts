/** One request as the proxy passes it on. */
export interface PassedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** One whole answer; watches do not come here. */
export interface PassedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

export interface PassedEvent {
  readonly type: string;
  readonly object: JsonObject;
}

// Defects write wherever they like in documents of any kind.
export type JsonObject = { [field: string]: unknown };

/** What a defect does to the traffic. Undefined stands for: left alone. */
export interface Hooks {
  request?(request: PassedRequest): PassedRequest | undefined;
  answer?(answer: PassedAnswer, request: PassedRequest): PassedAnswer | undefined;
  /** For each watch a function of its own, from an event to those that come in its place. */
  events?(request: PassedRequest): (event: PassedEvent) => readonly PassedEvent[] | undefined;
}

/** The smallest part of the suite that should notice: a table, up to and with one of its steps, or a case. */
export type Part = { readonly table: string; readonly until?: string } | { readonly case: string };

export interface Defect {
  readonly name: string;
  readonly part: Part;
  /** Fresh hooks: a defect may remember what went by. */
  inject(): Hooks;
}

export function partName(part: Part): string {
  if ('case' in part) return part.case;
  return part.until === undefined ? part.table : `${part.table}: ${part.until}`;
}

/** A defect of answers in JSON: `change` writes in the document, and says so with true. */
export function wrongAnswer(
  name: string,
  part: Part,
  change: (document: JsonObject, request: PassedRequest, answer: PassedAnswer) => boolean,
): Defect {
  const answer = (passed: PassedAnswer, request: PassedRequest): PassedAnswer | undefined => {
    if (!passed.text.startsWith('{')) return undefined;
    const document = JSON.parse(passed.text) as JsonObject;
    return change(document, request, passed) ? { ...passed, text: JSON.stringify(document) } : undefined;
  };
  return { name, part, inject: () => ({ answer }) };
}

/** A server that does not heed a parameter of some requests. */
export function deafTo(parameter: string, name: string, part: Part, heeds = (_: PassedRequest) => false): Defect {
  const request = (passed: PassedRequest): PassedRequest | undefined => {
    if (!passed.query.has(parameter) || heeds(passed)) return undefined;
    const query = new URLSearchParams(passed.query);
    query.delete(parameter);
    return { ...passed, query };
  };
  return { name, part, inject: () => ({ request }) };
}

/** A server that reads the body of some requests otherwise than it was sent. */
export function misread(
  name: string,
  part: Part,
  change: (document: JsonObject, request: PassedRequest) => boolean,
): Defect {
  const request = (passed: PassedRequest): PassedRequest | undefined => {
    if (!passed.body.startsWith('{')) return undefined;
    const document = JSON.parse(passed.body) as JsonObject;
    return change(document, passed) ? { ...passed, body: JSON.stringify(document) } : undefined;
  };
  return { name, part, inject: () => ({ request }) };
}

/** The object at a path of field names; undefined when something else, or nothing, is there. */
export function objectAt(document: unknown, ...path: readonly string[]): JsonObject | undefined {
  const found = path.reduce<unknown>(
    (at, field) => (typeof at === 'object' && at !== null ? (at as JsonObject)[field] : undefined),
    document,
  );
  return typeof found === 'object' && found !== null ? (found as JsonObject) : undefined;
}

export function listAt(document: unknown, ...path: readonly string[]): JsonObject[] {
  const found: unknown = objectAt(document, ...path);
  return Array.isArray(found) ? (found as JsonObject[]) : [];
}

/** Takes a field away; false when it was not there. */
export function lose(from: JsonObject | undefined, field: string): boolean {
  if (from === undefined || !(field in from)) return false;
  delete from[field];
  return true;
}
