import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type YAMLMap,
} from 'yaml';
import { yamlSyntaxError } from './yaml-errors.ts';
import { jsonKey, jsonScalar, resolveScalar, YamlError, type YamlScalar } from './yaml-scalars.ts';

export { YamlError } from './yaml-scalars.ts';

export interface ParsedYaml {
  /** As JSON would hold it, keys sorted; numbers that a double would change are JsonNumbers. */
  readonly value: unknown;
  /** `line 3: key "foo" already set in map`, in upstream's order. The last value wins. */
  readonly duplicates: readonly string[];
}

// Upstream's guard against documents that blow up: most of what is decoded may not come from aliases.
const freeAliases = 100;
const freeNodes = 1000;
const ratioRange = { low: 400_000, high: 4_000_000 };

function allowedAliasRatio(nodes: number): number {
  if (nodes <= ratioRange.low) return 0.99;
  if (nodes >= ratioRange.high) return 0.1;
  return 0.99 - (0.89 * (nodes - ratioRange.low)) / (ratioRange.high - ratioRange.low);
}

const tooDeep = () => new YamlError('yaml: exceeded max depth of 10000');
const wantsMap = () => new YamlError('yaml: map merge requires map or sequence of maps as the value');

class Converter {
  readonly duplicates: string[] = [];
  readonly #document: Document.Parsed;
  readonly #lines: LineCounter;
  readonly #open = new Set<unknown>();
  #nodes = 0;
  #aliased = 0;
  #aliasDepth = 0;

  constructor(document: Document.Parsed, lines: LineCounter) {
    this.#document = document;
    this.#lines = lines;
  }

  #count(): void {
    this.#nodes += 1;
    if (this.#aliasDepth > 0) this.#aliased += 1;
    if (this.#aliased <= freeAliases || this.#nodes <= freeNodes) return;
    if (this.#aliased / this.#nodes > allowedAliasRatio(this.#nodes)) {
      throw new YamlError('yaml: document contains excessive aliasing');
    }
  }

  value(node: unknown): unknown {
    this.#count();
    if (isAlias(node)) return this.#throughAlias(node, (target) => this.value(target));
    if (isMap(node)) {
      const members = new Map<string, unknown>();
      this.#fill(node, members, new Map());
      const object: Record<string, unknown> = {};
      for (const key of [...members.keys()].sort()) {
        Object.defineProperty(object, key, {
          value: members.get(key),
          enumerable: true,
          configurable: true,
          writable: true,
        });
      }
      return object;
    }
    if (isSeq(node)) {
      this.#open.add(node);
      const list = node.items.map((item) => this.value(item));
      this.#open.delete(node);
      return list;
    }
    return jsonScalar(this.#scalar(node));
  }

  #scalar(node: unknown): YamlScalar {
    if (!isScalar(node)) return null;
    const text = typeof node.value === 'string' ? node.value : '';
    return resolveScalar(text, node.type === undefined || node.type === 'PLAIN', node.tag);
  }

  #throughAlias<T>(alias: Node & { source: string }, use: (target: unknown) => T): T {
    const target = (alias as Node & { resolve(document: Document): unknown }).resolve(this.#document);
    if (target === undefined) throw new YamlError(`yaml: unknown anchor '${alias.source}' referenced`);
    if (this.#open.has(target)) throw new YamlError(`yaml: anchor '${alias.source}' value contains itself`);
    this.#aliasDepth += 1;
    const result = use(target);
    this.#aliasDepth -= 1;
    return result;
  }

  /** Puts the members of `map` into `members`; `keys` holds them as YAML typed them, for reports of repetition. */
  #fill(map: YAMLMap, members: Map<string, unknown>, keys: Map<YamlScalar, true>): void {
    this.#open.add(map);
    for (const pair of map.items) {
      if (isScalar(pair.key) && pair.key.value === '<<' && pair.key.type === 'PLAIN') {
        this.#merge(pair.value, members, keys);
        continue;
      }
      const key = this.#key(pair.key);
      const value = this.value(pair.value);
      if (keys.has(key)) {
        const printed = typeof key === 'string' ? JSON.stringify(key) : String(key);
        this.duplicates.push(`line ${this.#line(pair.value ?? pair.key)}: key ${printed} already set in map`);
      }
      keys.set(key, true);
      if (key === null)
        throw new YamlError(`unsupported map key of type: %!s(<nil>), key: <nil>, value: ${goValue(value)}`);
      members.set(jsonKey(key), value);
    }
    this.#open.delete(map);
  }

  #key(node: unknown): YamlScalar {
    this.#count();
    if (isAlias(node)) return this.#throughAlias(node, (target) => this.#key(target));
    if (isMap(node) || isSeq(node)) {
      const kind = isMap(node) ? 'map[interface {}]interface {}' : '[]interface {}';
      throw new YamlError(`yaml: invalid map key: ${kind}${goMembers(this.value(node))}`);
    }
    return this.#scalar(node);
  }

  #merge(node: unknown, members: Map<string, unknown>, keys: Map<YamlScalar, true>): void {
    if (isAlias(node)) {
      this.#throughAlias(node, (target) => {
        if (!isMap(target)) throw wantsMap();
        this.#fill(target, members, keys);
      });
    } else if (isMap(node)) {
      this.#fill(node, members, keys);
    } else if (isSeq(node)) {
      // Backwards, as earlier maps take precedence.
      for (const item of [...node.items].reverse()) {
        if (isSeq(item) || isScalar(item)) throw wantsMap();
        this.#merge(item, members, keys);
      }
    } else {
      throw wantsMap();
    }
  }

  #line(node: unknown): number {
    const offset = (node as Node | null)?.range?.[0] ?? 0;
    return this.#lines.linePos(offset).line;
  }
}

function goMembers(value: unknown): string {
  if (Array.isArray(value)) return `{${value.map(goValue).join(', ')}}`;
  return `{${Object.entries(value as object)
    .map(([key, member]) => `${JSON.stringify(key)}:${goValue(member)}`)
    .join(', ')}}`;
}

function goValue(value: unknown): string {
  if (value === null) return 'interface {}(nil)';
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

/** Reads the first document of a YAML text as upstream converts YAML to JSON: YAML 1.1 with Go's rules. Throws YamlError. */
export function parseYaml(text: string): ParsedYaml {
  const lines = new LineCounter();
  try {
    const document = parseDocument(text, {
      schema: 'failsafe',
      resolveKnownTags: false,
      uniqueKeys: false,
      prettyErrors: false,
      merge: false,
      lineCounter: lines,
      logLevel: 'silent',
    });
    const errors = document.errors.filter((e) => e.code !== 'MULTIPLE_DOCS');
    if (errors.some((e) => e.code === 'RESOURCE_EXHAUSTION')) throw tooDeep();
    const directive = document.warnings.find((w) => w.code === 'BAD_DIRECTIVE');
    if (directive !== undefined) throw yamlSyntaxError([directive as never], text, lines);
    if (errors.length > 0) throw yamlSyntaxError(errors, text, lines);
    const converter = new Converter(document, lines);
    return { value: converter.value(document.contents), duplicates: converter.duplicates };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw tooDeep();
  }
}
