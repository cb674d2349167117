import type { Api } from '../../../api/object.ts';
import type { JsonSchema } from '../../../api/structural/json-schema.ts';

export type CustomResourceDefinition =
  Api<'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition'>;
export type DefinitionSpec = NonNullable<CustomResourceDefinition['spec']>;
export type DefinitionVersion = NonNullable<DefinitionSpec['versions']>[number];
export type DefinitionNames = NonNullable<DefinitionSpec['names']>;
export type Conversion = NonNullable<DefinitionSpec['conversion']>;
export type PrinterColumn = NonNullable<DefinitionVersion['additionalPrinterColumns']>[number];
export type Subresources = NonNullable<DefinitionVersion['subresources']>;

export function schemaOf(version: Readonly<DefinitionVersion>): JsonSchema | undefined {
  return version.schema?.openAPIV3Schema as JsonSchema | undefined;
}
