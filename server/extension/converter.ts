import type { KubeObject } from '../../api/object.ts';

/** Converts objects of one custom resource, all to one version (`example.com/v1`), keeping their order. */
export interface Converter {
  convert(objects: readonly KubeObject[], apiVersion: string): Promise<KubeObject[]>;
}

/** Makes converters of definitions whose strategy is Webhook. */
export type ConverterSource = (definitionName: string) => Converter;
