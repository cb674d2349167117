import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** One attribute as the client's serializer knows it. */
export interface ModelAttribute {
  /** Property of the class; differs from `baseName` where that is not an identifier. */
  readonly name: string;
  readonly baseName: string;
  /** `string`, `Array<V1Pod>`, `{ [key: string]: string; }` … */
  readonly type: string;
  readonly format: string;
}

export interface Model {
  readonly name: string;
  readonly description: string | undefined;
  readonly attributes: readonly ModelAttribute[];
  readonly descriptions: ReadonlyMap<string, string>;
  readonly required: ReadonlySet<string>;
}

/** One request factory method. */
export interface ClientOperation {
  /** `AppsV1` of `AppsV1Api`. */
  readonly api: string;
  readonly name: string;
  readonly path: string;
  readonly method: string;
  readonly query: readonly { readonly name: string; readonly type: string }[];
  /** Model of the body, `any` for patches. */
  readonly body: string | undefined;
  /** Model by status code; '' for a code without body. */
  readonly responses: ReadonlyMap<string, string>;
  readonly description: string | undefined;
  readonly parameterDescriptions: ReadonlyMap<string, string>;
}

export interface ClientPackage {
  readonly models: ReadonlyMap<string, Model>;
  readonly operations: readonly ClientOperation[];
}

interface ModelClass {
  readonly attributeTypeMap?: readonly ModelAttribute[];
}

const generated = join(fileURLToPath(import.meta.resolve('@kubernetes/client-node')), '..', 'gen');

async function importGenerated(path: string): Promise<Record<string, unknown>> {
  return (await import(pathToFileURL(join(generated, path)).href)) as Record<string, unknown>;
}

function unescapeText(text: string): string {
  return text
    .replaceAll('\\&#39;', "'")
    .replaceAll('\\&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&#x60;', '`')
    .replaceAll('&#x3D;', '=')
    .replaceAll('&amp;', '&')
    .replaceAll("\\'", "'")
    .replaceAll('\\"', '"');
}

/** The text of a documentation comment, without its frame. */
function commentText(comment: string): string {
  return unescapeText(comment.replace(/^[ \t]*\*[ \t]?/gm, '').trim());
}

const propertyPattern = /(?:\/\*\*((?:[^*]|\*(?!\/))*)\*\/\s*)?^ {4}'([^']+)'(\??): /gm;
const classPattern = /\/\*\*((?:[^*]|\*(?!\/))*)\*\/\s*export declare class/;

function readModel(name: string, attributes: readonly ModelAttribute[]): Model {
  const text = readFileSync(join(generated, 'models', `${name}.d.ts`), 'utf8');
  const description = classPattern.exec(text)?.[1];
  const descriptions = new Map<string, string>();
  const required = new Set<string>();
  for (const [, comment, property = '', optional] of text.matchAll(propertyPattern)) {
    if (comment !== undefined) descriptions.set(property, commentText(comment));
    if (optional === '') required.add(property);
  }
  return {
    name,
    attributes,
    descriptions,
    required,
    description: description === undefined ? undefined : commentText(description),
  };
}

const methodPattern = /\/\*\*((?:[^*]|\*(?!\/))*)\*\/\s*(\w+)\(/g;

/** Comments of the request factory's methods, which come first in the declarations. */
function readMethodComments(file: string): Map<string, string> {
  const text = readFileSync(join(generated, 'apis', file), 'utf8');
  const comments = new Map<string, string>();
  for (const [, comment = '', method = ''] of text
    .slice(0, text.indexOf('ApiResponseProcessor {'))
    .matchAll(methodPattern)) {
    comments.set(method, comment.replace(/^[ \t]*\*[ \t]?/gm, '').trim());
  }
  return comments;
}

function parseComment(comment: string | undefined) {
  const [description = '', ...parameters] = (comment ?? '').split(/^@param /m);
  const parameterDescriptions = new Map<string, string>();
  for (const parameter of parameters) {
    const [, name = '', text = ''] = /^(\w+)\s*([\s\S]*)$/.exec(parameter.trim()) ?? [];
    parameterDescriptions.set(name, unescapeText(text.trim()));
  }
  return {
    description: description.trim() === '' ? undefined : unescapeText(description.trim()),
    parameterDescriptions,
  };
}

function responsesOf(source: string): Map<string, string> {
  const responses = new Map<string, string>();
  for (const block of source.split('if (isCodeInRange(').slice(1)) {
    const code = /^"(\d+)"/.exec(block)?.[1];
    const model = /"([^"]+)", "[^"]*"\);\s*return/.exec(block)?.[1];
    if (code !== undefined) responses.set(code, /^"\d+"[^}]*throw/.test(block) ? '' : (model ?? ''));
  }
  return responses;
}

type Methods = Record<string, unknown>;

function methodsOf(prototype: object): Map<string, string> {
  const methods = new Map<string, string>();
  for (const name of Object.getOwnPropertyNames(prototype)) {
    const value = (prototype as Methods)[name];
    if (name !== 'constructor' && typeof value === 'function') methods.set(name, value.toString());
  }
  return methods;
}

const queryPattern = /setQueryParam\("([^"]+)", ObjectSerializer\.serialize\(\w+, "([^"]*)"/g;

function readOperation(
  api: string,
  name: string,
  source: string,
  processor: string,
  comment: string | undefined,
): ClientOperation {
  const path = /localVarPath = '([^']+)'/.exec(source)?.[1];
  const method = /HttpMethod\.(\w+)/.exec(source)?.[1];
  if (path === undefined || method === undefined) throw new Error(`${api}Api.${name}: no path or method found`);
  return {
    api,
    name,
    path,
    method: method.toLowerCase(),
    query: [...source.matchAll(queryPattern)].map(([, parameter = '', type = '']) => ({ name: parameter, type })),
    body: /ObjectSerializer\.serialize\(body, "([^"]+)"/.exec(source)?.[1],
    responses: responsesOf(processor),
    ...parseComment(comment),
  };
}

interface FactoryClass {
  readonly prototype: object;
}

/**
 * What the installed client-node carries of the API. Everything is enumerated from the two modules that list it: the
 * package also holds files of older releases that nothing refers to.
 */
export async function readClientPackage(): Promise<ClientPackage> {
  const [observable, all] = await Promise.all([
    importGenerated('types/ObservableAPI.js'),
    importGenerated('models/all.js'),
  ]);
  const models = new Map<string, Model>();
  for (const [name, value] of Object.entries(all)) {
    const attributes = (value as ModelClass).attributeTypeMap;
    if (attributes !== undefined) models.set(name, readModel(name, attributes));
  }
  const operations: ClientOperation[] = [];
  const files = new Set(readdirSync(join(generated, 'apis')));
  for (const name of Object.keys(observable)) {
    const api = /^Observable(\w+)Api$/.exec(name)?.[1];
    if (api === undefined || !files.has(`${api}Api.js`)) continue;
    operations.push(...(await readApi(api)));
  }
  return { models, operations };
}

async function readApi(api: string): Promise<ClientOperation[]> {
  const module = await importGenerated(`apis/${api}Api.js`);
  const requests = methodsOf((module[`${api}ApiRequestFactory`] as FactoryClass).prototype);
  const processors = methodsOf((module[`${api}ApiResponseProcessor`] as FactoryClass).prototype);
  const comments = readMethodComments(`${api}Api.d.ts`);
  return [...requests].map(([name, source]) =>
    readOperation(api, name, source, processors.get(`${name}WithHttpInfo`) ?? '', comments.get(name)),
  );
}
