import {
  BigValueGraphMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  DashboardCursorSync,
  DatasourceVariableBuilder,
  defaultDashboard,
  type Panel,
  QueryVariableBuilder,
  type RowPanel,
  type VariableModel,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';

/** One picture: its queries, each with the labels that its lines are named by. */
export interface Graph {
  title: string;
  /** What it is for, and what to do where it is bad. */
  about: string;
  /** Of Grafana's units, such as `s`, `short`, `reqps`, `percentunit`, `bytes`. */
  unit: string;
  queries: readonly { expr: string; legend: string }[];
  /** A single number, the latest, in place of lines over time. @default lines */
  kind?: 'lines' | 'stacked' | 'number';
}

/** A dashboard as it is described here. */
export interface DashboardSpec {
  uid: string;
  title: string;
  description: string;
  /** Labels to choose by, each with a metric that has it. */
  variables: Readonly<Record<string, { label: string; metric: string }>>;
  rows: readonly { title: string; graphs: readonly Graph[] }[];
}

const columns = 24;
const heights = { number: 4, lines: 8, stacked: 8 };
const datasource = { type: 'prometheus', uid: `\${datasource}` };

/** The JSON of a dashboard, made by Grafana's own builders, so that its shape is the one that they type. */
export function buildDashboard({ uid, title, description, variables, rows }: DashboardSpec) {
  const panels: (Panel | RowPanel)[] = [];
  let id = 0;
  let y = 0;
  for (const row of rows) {
    panels.push(rowPanel(row.title, (id += 1), y));
    y += 1;
    const height = Math.max(...row.graphs.map(({ kind = 'lines' }) => heights[kind]));
    const width = Math.floor(columns / row.graphs.length);
    for (const [index, graph] of row.graphs.entries()) {
      const gridPos = { h: height, w: width, x: index * width, y };
      panels.push({ ...toPanel(graph), id: (id += 1), gridPos });
    }
    y += height;
  }
  return {
    ...defaultDashboard(),
    uid,
    title,
    description,
    tags: ['landfall'],
    timezone: 'browser',
    time: { from: 'now-6h', to: 'now' },
    refresh: '30s',
    graphTooltip: DashboardCursorSync.Crosshair,
    panels,
    templating: { list: [datasourceVariable(), ...Object.entries(variables).map(labelVariable)] },
  };
}

function rowPanel(title: string, id: number, y: number): RowPanel {
  return { type: 'row', collapsed: false, title, id, panels: [], gridPos: { h: 1, w: columns, x: 0, y } };
}

function toPanel({ title, about, unit, queries, kind = 'lines' }: Graph): Panel {
  const targets = queries.map(({ expr, legend }, index) => {
    const query = new DataqueryBuilder()
      .datasource(datasource)
      .expr(expr)
      .legendFormat(legend)
      .refId(String.fromCharCode(65 + index));
    return kind === 'number' ? query.instant() : query.range();
  });
  if (kind === 'number') {
    const stat = new StatBuilder().title(title).description(about).datasource(datasource);
    const latest = new ReduceDataOptionsBuilder().calcs(['lastNotNull']);
    return stat
      .unit(unit)
      .noValue('–')
      .graphMode(BigValueGraphMode.None)
      .reduceOptions(latest)
      .targets(targets)
      .build();
  }
  const lines = new TimeseriesBuilder().title(title).description(about).datasource(datasource);
  const legend = new VizLegendOptionsBuilder()
    .showLegend(true)
    .displayMode(LegendDisplayMode.List)
    .placement(LegendPlacement.Bottom);
  const tooltip = new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending);
  const stacking = new StackingConfigBuilder().mode(
    kind === 'stacked' ? StackingMode.Normal : StackingMode.None,
  );
  return lines
    .unit(unit)
    .min(0)
    .fillOpacity(kind === 'stacked' ? 30 : 0)
    .stacking(stacking)
    .legend(legend)
    .tooltip(tooltip)
    .targets(targets)
    .build();
}

/** Which Prometheus: the one of docker-compose.yml is Grafana's default, and there may be another where the file is imported. */
function datasourceVariable(): VariableModel {
  return new DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus').build();
}

function labelVariable([name, { label, metric }]: [
  string,
  { label: string; metric: string },
]): VariableModel {
  const query = `label_values(${metric}, ${name})`;
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource(datasource)
    .query({ query, refId: name })
    .definition(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    .allValue('.*')
    .current({ selected: true, text: 'All', value: '$__all' })
    .build();
}
