import { goValue } from '../go-text.ts';
import { type FieldType, formOf, isObject, itemKey, itemProblem, type ListType, type MapType } from './field-type.ts';
import { type PathKey, pathKeyText } from './path-element.ts';

/** What is wrong with an object that is to be applied, in upstream's words: `.spec.foo: field not declared in schema`. */
export function typeErrors(value: unknown, type: FieldType): string[] {
  const errors: string[] = [];
  check(value, type, '', errors);
  return errors;
}

/** Several errors as one message. */
export function joinTypeErrors(errors: readonly string[]): string {
  return errors.length === 1 ? (errors[0] ?? '') : ['errors:', ...errors.map((error) => `  ${error}`)].join('\n');
}

function report(errors: string[], path: string, message: string): void {
  errors.push(path === '' ? message : `${path}: ${message}`);
}

/** Go's `%#v` of a decoded JSON value. */
function goSyntax(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(', ')}}`;
  if (!isObject(value)) return value === null ? 'interface {}(nil)' : String(value);
  const members = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${goSyntax(value[key])}`);
  return `map[string]interface {}{${members.join(', ')}}`;
}

function goType(value: unknown): string {
  if (Array.isArray(value)) return '[]interface {}';
  if (isObject(value)) return 'map[string]interface {}';
  return typeof value === 'boolean' ? 'bool' : typeof value === 'number' ? 'int64' : 'string';
}

function check(value: unknown, type: FieldType, path: string, errors: string[]): void {
  if (value === null || value === undefined) return;
  const form = formOf(type, value);
  if (form === 'map' && type.map !== undefined) checkMap(value, type.map, path, errors);
  else if (form === 'list' && type.list !== undefined) checkList(value, type.list, path, errors);
  else checkScalar(value, type, path, errors);
}

function checkScalar(value: unknown, type: FieldType, path: string, errors: string[]): void {
  const is = typeof value;
  if (type.scalar === 'numeric' && is !== 'number') {
    report(errors, path, `expected numeric (int or float), got ${goType(value)}`);
  } else if (type.scalar === 'string' && is !== 'string') {
    report(errors, path, `expected string, got &value.valueUnstructured{Value:${goSyntax(value)}}`);
  } else if (type.scalar === 'boolean' && is !== 'boolean') {
    report(errors, path, `expected boolean, got &{${goValue(value)}}`);
  } else if (type.scalar === 'untyped' && is === 'object') {
    report(errors, path, `expected any scalar, got &{${goValue(value)}}`);
  }
}

function checkMap(value: unknown, map: MapType, path: string, errors: string[]): void {
  if (!isObject(value)) {
    report(errors, path, `expected map, got &{${goValue(value)}}`);
    return;
  }
  for (const name in value) {
    const type = map.fields.get(name)?.type ?? map.items;
    if (type === undefined) {
      report(errors, `${path}.${name}`, 'field not declared in schema');
      return;
    }
    check(value[name], type, `${path}.${name}`, errors);
  }
}

function checkList(value: unknown, list: ListType, path: string, errors: string[]): void {
  if (!Array.isArray(value)) {
    report(errors, path, `expected list, got &{${goValue(value)}}`);
    return;
  }
  const seen = new Set<PathKey>();
  for (const [index, item] of value.entries()) {
    let element = `[${index}]`;
    if (!list.atomic) {
      const problem = itemProblem(list, item);
      if (problem !== undefined) {
        report(errors, path, `element ${index}: ${problem}`);
        return;
      }
      const key = itemKey(list, item) ?? '';
      element = pathKeyText(key);
      if (seen.has(key)) report(errors, path, `duplicate entries for key ${element}`);
      seen.add(key);
    }
    check(item, list.items, path + element, errors);
  }
}
