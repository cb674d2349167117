import type { KubeObject } from '../../api/object.ts';

/**
 * Between one served version of a resource and the version it is stored in (the hub). Versions without a row differ in
 * nothing but apiVersion. Both functions may modify and return their argument, `fromHub` only a copy of it.
 */
export interface Conversion {
  readonly group: string;
  readonly resource: string;
  readonly version: string;
  toHub(object: KubeObject): KubeObject;
  fromHub(object: Readonly<KubeObject>): KubeObject;
}
