import { createDeviceExpressions, type DeviceExpressions } from '../../../api/cel/device-environment.ts';
import { QuantityValue } from '../../../api/cel/library/quantity.ts';
import { parseSemver } from '../../../api/cel/library/semver.ts';
import { adapt, CelError, type JsonMap, MapView, type Result, type Value } from '../../../api/cel/runtime/values.ts';
import { parseQuantity } from '../../../api/quantity.ts';
import type { Candidate, Matches } from './devices.ts';

const emptyMap: JsonMap = {};

/** By domain; one that nobody has is there and empty. */
class Domains extends MapView {
  readonly #domains: ReadonlyMap<string, Record<string, unknown>>;

  constructor(domains: ReadonlyMap<string, Record<string, unknown>>) {
    super();
    this.#domains = domains;
  }

  find(key: Value): Result {
    return (this.#domains.get(String(key)) ?? emptyMap) as Value;
  }

  keys(): readonly Value[] {
    return [...this.#domains.keys()];
  }

  size(): number {
    return this.#domains.size;
  }
}

interface Attribute {
  readonly bool?: boolean;
  readonly int?: number;
  readonly string?: string;
  readonly version?: string;
}

function attributeValue({ bool, int, string, version }: Attribute): unknown {
  return bool ?? int ?? string ?? (version === undefined ? null : parseSemver(version));
}

/** `domain/name`, or `name` of the driver's own domain. */
function byDomain<T>(driver: string, fields: Readonly<Record<string, T>>, of: (field: T) => unknown): Domains {
  const domains = new Map<string, Record<string, unknown>>();
  for (const [full, field] of Object.entries(fields)) {
    const slash = full.indexOf('/');
    const domain = slash < 0 ? driver : full.slice(0, slash);
    const values = domains.get(domain) ?? {};
    values[full.slice(slash + 1)] = adapt(of(field));
    domains.set(domain, values);
  }
  return new Domains(domains);
}

function deviceValue({ driver, device }: Candidate): Readonly<Record<string, unknown>> {
  const { attributes = {}, capacity = {}, allowMultipleAllocations = false } = device;
  return {
    driver,
    allowMultipleAllocations,
    attributes: byDomain(driver, attributes as Readonly<Record<string, Attribute>>, attributeValue),
    capacity: byDomain(driver, capacity, ({ value = '0' }) => new QuantityValue(parseQuantity(value))),
  };
}

/** Evaluates selectors of devices; each expression is compiled once. */
export function createMatches(expressions: DeviceExpressions = createDeviceExpressions()): Matches {
  const compiled = new Map<string, ReturnType<DeviceExpressions['compile']>>();
  return (candidate, selectors) => {
    const device = selectors.length === 0 ? undefined : deviceValue(candidate);
    return selectors.every(({ cel }) => {
      const { expression = '' } = cel ?? {};
      const known = compiled.get(expression) ?? expressions.compile(expression);
      compiled.set(expression, known);
      if (known.program === undefined) throw new Error(`selector ${JSON.stringify(expression)}: ${known.error}`);
      const { value } = known.program.evaluate((name) => (name === 'device' ? device : undefined));
      if (value instanceof CelError) throw new Error(`selector ${JSON.stringify(expression)}: ${value.message}`);
      return value === true;
    });
  };
}
