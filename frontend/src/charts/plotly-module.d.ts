// The part of plotly.js that src/charts/plotly.ts uses; the package carries no types.
declare module "plotly.js-finance-dist-min" {
  type Fields = Record<string, unknown>;
  const Plotly: {
    react(element: HTMLElement, data: Fields[], layout: Fields, config: Fields): Promise<HTMLElement>;
    purge(element: HTMLElement): void;
    Plots: { resize(element: HTMLElement): Promise<void> };
  };
  export default Plotly;
}
