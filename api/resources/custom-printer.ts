import { type JsonPath, JsonPathError, parseJsonPath } from '../json-path.ts';
import type { KubeObject } from '../object.ts';
import { humanDuration } from './human-duration.ts';
import type { Printer, PrinterColumn } from './printer.ts';

/** A column as a definition has it. */
export interface CustomColumn {
  readonly name: string;
  readonly type: string;
  readonly format?: string;
  readonly description?: string;
  readonly priority?: number;
  readonly jsonPath: string;
}

interface PathColumn extends PrinterColumn {
  cellAt(object: KubeObject, now: number): unknown;
}

/** Go's way of writing a number: an exponent from 21 digits on. */
function textOf(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value !== 'number') return typeof value === 'object' ? JSON.stringify(value) : String(value);
  return Number.isInteger(value) ? String(value) : goNumber(value);
}

function goNumber(value: number): string {
  const exponent = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value)));
  if (exponent >= -4 && exponent < 21) return String(value);
  const [mantissa = '', power = ''] = value.toExponential().split('e');
  return `${mantissa}e${power.startsWith('-') ? '-' : '+'}${power.slice(1).padStart(2, '0')}`;
}

function ageOf(value: string, now: number): string {
  const at = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/.test(value)
    ? Date.parse(value)
    : Number.NaN;
  return Number.isNaN(at) ? '<invalid>' : humanDuration(now - at);
}

function cellOf(type: string, value: unknown, now: number): unknown {
  if (type === 'string') return textOf(value);
  switch (type) {
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null;
    case 'number':
      return typeof value === 'number' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    case 'date':
      return typeof value === 'string' ? ageOf(value, now) : null;
    default:
      return null;
  }
}

function compile(jsonPath: string): JsonPath | undefined {
  try {
    return parseJsonPath(jsonPath);
  } catch (error) {
    if (error instanceof JsonPathError) return undefined;
    throw error;
  }
}

function valueAt(path: JsonPath, object: unknown): unknown {
  try {
    return path(object)[0];
  } catch (error) {
    if (error instanceof JsonPathError) return undefined;
    throw error;
  }
}

function pathColumn(column: CustomColumn): PathColumn | undefined {
  const { name, type, format = '', description = '', priority = 0, jsonPath } = column;
  const path = compile(jsonPath);
  if (path === undefined) return undefined;
  const cellAt = (object: KubeObject, now: number): unknown => {
    const value = valueAt(path, object);
    return value === undefined ? null : cellOf(type, value, now);
  };
  const text = description === '' ? `Custom resource definition column (in JSONPath format): ${jsonPath}` : description;
  return { name, type, format, description: text, priority, cellAt, cell: () => null };
}

/** Objects of a custom resource in a Table: the name, then what the definition's columns find. `name` is the first column. */
export function createCustomPrinter(name: PrinterColumn, definitions: readonly CustomColumn[]): Printer {
  const columns: PathColumn[] = [];
  for (const definition of definitions) {
    const column = pathColumn(definition);
    // Upstream stops at the first path that it cannot read.
    if (column === undefined) break;
    columns.push(column);
  }
  return {
    columns: [name, ...columns],
    cells: (object, { now }) => [object.metadata?.name ?? '', ...columns.map((column) => column.cellAt(object, now))],
    conditions: () => [],
  };
}
