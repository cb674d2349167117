import type { KubeObject } from '../object.ts';
import { admissionCells } from './admission-cells.ts';
import { type Cell, type Cells, type CellTable, cellsOf, name, type PrintContext } from './cell.ts';
import { clusterCells } from './cluster-cells.ts';
import document from './column-definitions.json' with { type: 'json' };
import { coreCells } from './core-cells.ts';
import { deviceCells } from './device-cells.ts';
import { networkCells } from './network-cells.ts';
import { podRowConditions, type RowCondition } from './pod-cells.ts';
import { storageCells } from './storage-cells.ts';
import { workloadCells } from './workload-cells.ts';

export type { PrintContext, RowCondition };

/** metav1.TableColumnDefinition, which is sent as it is, and the cell below it. */
export interface PrinterColumn {
  readonly name: string;
  readonly type: string;
  readonly format: string;
  readonly description: string;
  /** Above 0: clients show it on request only. */
  readonly priority: number;
  readonly cell: Cell<KubeObject>;
}

export interface Printer {
  readonly columns: readonly PrinterColumn[];
  /** All cells of a row: those of the columns, and for IPAddresses one more, which has no column. */
  cells(object: KubeObject, context: PrintContext): unknown[];
  /** Why a row may be hidden; most kinds have none. */
  conditions(object: KubeObject): RowCondition[];
}

const defaultCells: Cells = cellsOf(name, ({ metadata }) => metadata?.creationTimestamp ?? null);

const statusCells = cellsOf<KubeObject & { status?: string; reason?: string; message?: string }>(
  ({ status }) => status ?? '',
  ({ reason }) => reason ?? '',
  ({ message }) => message ?? '',
);

const cellTable: CellTable = {
  ...workloadCells,
  ...coreCells,
  ...networkCells,
  ...storageCells,
  ...admissionCells,
  ...clusterCells,
  ...deviceCells,
  status: statusCells,
};

/** The two descriptions that nearly every table has. */
const texts: Readonly<Record<string, string>> = { $name: document.texts.name, $created: document.texts.created };

type Row = readonly [string, string, string, number, string];
const definitions = document.columns as unknown as Readonly<Record<string, readonly Row[]>>;

function createPrinter(resource: string): Printer {
  const cells = Object.hasOwn(cellTable, resource) ? (cellTable[resource] ?? defaultCells) : defaultCells;
  const rows = Object.hasOwn(definitions, resource) ? definitions[resource] : definitions[''];
  const columns = (rows ?? []).map(([columnName, type, format, priority, description], i) => {
    const cell = cells[i] ?? (() => null);
    return Object.freeze({
      name: columnName,
      type,
      format,
      description: texts[description] ?? description,
      priority,
      cell,
    });
  });
  return Object.freeze({
    columns: Object.freeze(columns),
    cells: (object: KubeObject, context: PrintContext) => cells.map((cell) => cell(object, context)),
    conditions: (object: KubeObject) => (resource === 'pods' ? podRowConditions(object) : []),
  });
}

const printers: ReadonlyMap<string, Printer> = new Map(
  Object.keys(definitions).map((resource) => [resource, createPrinter(resource)]),
);
const defaultPrinter = createPrinter('');

/**
 * How objects of a built-in resource (`pods`, `deployments.apps`, `scale` for the subresource, `status` for a Status) look in
 * a Table. Cells read the stable version of a kind (autoscaling/v2); events may be of either group.
 */
export function printerFor(resource: string): Printer {
  return printers.get(resource) ?? defaultPrinter;
}

/** The columns of a resource; name and creation time for those without columns of their own. */
export function columnsFor(resource: string): readonly PrinterColumn[] {
  return printerFor(resource).columns;
}
