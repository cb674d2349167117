import type { KubeObject } from '../../../api/object.ts';
import { badRequest } from '../../../api/status.ts';

/** Fields of removed versions that live on as annotations. */
export const templateGenerationAnnotation = 'deprecated.daemonset.template.generation';
export const rollbackAnnotation = 'deprecated.deployment.rollback.to';

const maxInt64 = 2n ** 63n - 1n;

/** The number in an annotation; one that is not an int64 makes the object undecodable. */
export function int64Annotation(
  object: Readonly<KubeObject>,
  key: string,
  kind: string,
  context: (text: string) => string = () => '',
): bigint | undefined {
  const text = object.metadata?.annotations?.[key];
  if (text === undefined) return undefined;
  const why = /^[+-]?\d+$/.test(text) ? outOfRange(BigInt(text)) : 'invalid syntax';
  if (why !== undefined) {
    throw badRequest(
      `${kind} in version "v1" cannot be handled as a ${kind}: ${context(text)}strconv.ParseInt: parsing ${JSON.stringify(text)}: ${why}`,
    );
  }
  return BigInt(text);
}

function outOfRange(value: bigint): string | undefined {
  return value > maxInt64 || value < -maxInt64 - 1n ? 'value out of range' : undefined;
}

export function setAnnotation(object: KubeObject, key: string, value: string): void {
  object.metadata ??= {};
  object.metadata.annotations = { ...object.metadata.annotations, [key]: value };
}
