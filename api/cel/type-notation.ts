import {
  authorizerType,
  boolType,
  bytesType,
  cidrType,
  decisionType,
  doubleType,
  durationType,
  dynType,
  groupCheckType,
  intType,
  ipType,
  listType,
  mapType,
  namedFormatType,
  nullType,
  objectType,
  opaqueType,
  paramType,
  pathCheckType,
  quantityType,
  resourceCheckType,
  semverType,
  stringType,
  type Type,
  timestampType,
  typeType,
  typeTypeOf,
  uintType,
  urlType,
} from './types.ts';

const named: Readonly<Record<string, Type>> = {
  bool: boolType,
  bytes: bytesType,
  double: doubleType,
  duration: durationType,
  dyn: dynType,
  int: intType,
  null: nullType,
  string: stringType,
  timestamp: timestampType,
  type: typeType,
  uint: uintType,
  Quantity: quantityType,
  URL: urlType,
  NamedFormat: namedFormatType,
  Semver: semverType,
  IP: ipType,
  CIDR: cidrType,
  Authorizer: authorizerType,
  PathCheck: pathCheckType,
  GroupCheck: groupCheckType,
  ResourceCheck: resourceCheckType,
  Decision: decisionType,
};

/** Reads `list(string)`, `map(K, V)`, `optional_type(V)`, `Quantity`, `duration`; any other name is an object. */
export function parseType(text: string): Type {
  const open = text.indexOf('(');
  if (open < 0) {
    if (/^[A-Z]$/.test(text)) return paramType(text);
    return named[text] ?? objectType(text);
  }
  const name = text.slice(0, open);
  const [first = dynType, second = dynType] = parametersOf(text.slice(open + 1, -1));
  switch (name) {
    case 'list':
      return listType(first);
    case 'map':
      return mapType(first, second);
    case 'type':
      return typeTypeOf(first);
    default:
      return opaqueType(name, first);
  }
}

function parametersOf(text: string): Type[] {
  const parts: string[] = [];
  let depth = 0;
  let part = '';
  for (const character of text) {
    if (character === '(') depth++;
    if (character === ')') depth--;
    if (character === ',' && depth === 0) {
      parts.push(part);
      part = '';
    } else part += character;
  }
  return [...parts, part].map((each) => parseType(each.trim()));
}
