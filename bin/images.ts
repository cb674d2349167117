import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ControllerDefinition } from '../runtime/framework/controller.ts';
import type { Program } from '../runtime/processes/program.ts';
import type { ImageCatalog } from '../runtime/simulated/image-catalog.ts';

/** What users say of images on the command line. */
export interface ImagesOptions {
  /** YAML or JSON. */
  readonly tableFile: string | undefined;
  /** A module whose `programs` has programs by glob on an image's name. */
  readonly programsFile: string | undefined;
  readonly isStrict: boolean;
}

type Flag = 'image-table' | 'programs' | 'strict-images';

export function imagesOptions(
  get: (flag: Flag) => string,
  parseBoolean: (flag: string, text: string) => boolean,
): ImagesOptions {
  const fileOf = (flag: Flag): string | undefined => (get(flag) === '' ? undefined : get(flag));
  return {
    tableFile: fileOf('image-table'),
    programsFile: fileOf('programs'),
    isStrict: parseBoolean('strict-images', get('strict-images')),
  };
}

export interface OpenedImages {
  readonly catalog: ImageCatalog;
  /** What watches descriptions in the cluster. */
  readonly definition: ControllerDefinition;
}

/** Throws TableError, and what reading files and modules throws. */
export async function openImages({ tableFile, programsFile, isStrict }: ImagesOptions): Promise<OpenedImages> {
  const { createImageCatalog } = await import('../runtime/simulated/image-catalog.ts');
  const { ImageTable } = await import('../runtime/simulated/images/table/image-table.ts');
  const { imageTableDefinition } = await import('../runtime/simulated/images/table/table-source.ts');
  const table = new ImageTable();
  if (tableFile !== undefined) {
    const { readTable } = await import('../runtime/simulated/images/table/read-table.ts');
    table.set('file', readTable(readFileSync(tableFile, 'utf8'), tableFile));
  }
  const programs = programsFile === undefined ? {} : await programsOf(programsFile);
  return { catalog: createImageCatalog({ table, programs, isStrict }), definition: imageTableDefinition(table) };
}

async function programsOf(file: string): Promise<Readonly<Record<string, Program>>> {
  const module: { readonly programs?: Readonly<Record<string, Program>> } = await import(
    pathToFileURL(resolve(file)).href
  );
  if (module.programs === undefined) throw new Error(`${file} exports no "programs"`);
  return module.programs;
}
