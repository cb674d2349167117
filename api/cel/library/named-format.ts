import {
  isQualifiedName,
  isValidLabelValue,
  nameIsDNS1035Label,
  nameIsDNSLabel,
  nameIsDNSSubdomain,
} from '../../names.ts';
import { noSuchOverload } from '../runtime/arithmetic.ts';
import type { Implementations } from '../runtime/functions.ts';
import { secondsOf } from '../runtime/time.ts';
import { type CelError, Optional, optionalNone, Special, TypeValue, type Value } from '../runtime/values.ts';
import { requestURIError } from './go-url.ts';

const formatType = new TypeValue('kubernetes.NamedFormat');

/** format.dns1123Label() and the like. */
export class NamedFormat extends Special {
  readonly name: string;
  readonly validate: (text: string) => readonly string[];
  /** What costs take for the length of its pattern. */
  readonly maxRegexSize: number;
  constructor(name: string, maxRegexSize: number, validate: (text: string) => readonly string[]) {
    super();
    this.name = name;
    this.validate = validate;
    this.maxRegexSize = maxRegexSize;
  }
  get type(): TypeValue {
    return formatType;
  }
  override equals(other: Value): boolean | CelError {
    return other instanceof NamedFormat ? other.name === this.name : noSuchOverload;
  }
  override get costsOneToCompare(): boolean {
    return true;
  }
}

function fromTest(name: string, size: number, matches: (text: string) => boolean, message: string): NamedFormat {
  return new NamedFormat(name, size, (text) => (matches(text) ? [] : [message]));
}

const uuid = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/;
const dateTime = /^([0-9]{2}):([0-9]{2}):([0-9]{2})(.[0-9]+)?(z|([+-][0-9]{2}:[0-9]{2}))$/;

function isDate(text: string): boolean {
  const [, year, month, day] = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/.exec(text) ?? [];
  return year !== undefined && secondsOf(Number(year), Number(month), Number(day)) !== undefined;
}

function isDateTime(text: string): boolean {
  if (text.length < 4) return false;
  const [date = '', time = '', ...more] = text.toLowerCase().split('t');
  if (more.length > 0 || !isDate(date)) return false;
  const parts = dateTime.exec(time);
  return parts !== null && Number(parts[1]) <= 23 && Number(parts[2]) <= 59 && Number(parts[3]) <= 59;
}

const dateTimePatternSize = 71;

export const namedFormats: Readonly<Record<string, NamedFormat>> = {
  dns1123Label: new NamedFormat('DNS1123Label', 30, (text) => nameIsDNSLabel(text, false)),
  dns1123Subdomain: new NamedFormat('DNS1123Subdomain', 60, (text) => nameIsDNSSubdomain(text, false)),
  dns1035Label: new NamedFormat('DNS1035Label', 30, (text) => nameIsDNS1035Label(text, false)),
  qualifiedName: new NamedFormat('QualifiedName', 60, isQualifiedName),
  dns1123LabelPrefix: new NamedFormat('DNS1123LabelPrefix', 30, (text) => nameIsDNSLabel(text, true)),
  dns1123SubdomainPrefix: new NamedFormat('DNS1123SubdomainPrefix', 60, (text) => nameIsDNSSubdomain(text, true)),
  dns1035LabelPrefix: new NamedFormat('DNS1035LabelPrefix', 30, (text) => nameIsDNS1035Label(text, true)),
  labelValue: new NamedFormat('LabelValue', 40, isValidLabelValue),
  uri: new NamedFormat('URI', 1103, (text) => {
    const error = requestURIError(text);
    return error === undefined ? [] : [error];
  }),
  uuid: fromTest('uuid', 70, (text) => uuid.test(text), 'does not match the UUID format'),
  byte: fromTest('byte', 84, (text) => base64.test(text), 'invalid base64'),
  date: fromTest('date', dateTimePatternSize, isDate, 'invalid date'),
  datetime: fromTest('datetime', dateTimePatternSize, isDateTime, 'invalid datetime'),
};

export const formatImplementations: Implementations = {
  ...Object.fromEntries(Object.entries(namedFormats).map(([name, format]) => [`format.${name}`, () => format])),
  'format-named': (name) => {
    const format = typeof name === 'string' && Object.hasOwn(namedFormats, name) ? namedFormats[name] : undefined;
    return format === undefined ? optionalNone : new Optional(format);
  },
  'format-validate': (format, text) => {
    if (!(format instanceof NamedFormat) || typeof text !== 'string') return noSuchOverload;
    const messages = format.validate(text);
    return messages.length === 0 ? optionalNone : new Optional(messages);
  },
};
