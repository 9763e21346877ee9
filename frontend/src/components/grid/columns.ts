export interface Column<C extends string> {
  id: C
  label: string
  /** A track of the grid, such as "minmax(0, 2fr)" or "120px". */
  width: string
  sorts?: boolean
  /** Figures stand at the right. */
  end?: boolean
  /** Left out where the window is narrow. */
  spare?: boolean
  /** The heading is for screen readers only. */
  quiet?: boolean
}
