/** What a long operation tells of itself while it runs: notes, and steps with the bytes done. Texts may be hostile. */
export type ProgressEvent =
  | { readonly kind: "note"; readonly text: string }
  | { readonly kind: "start"; readonly id: string; readonly label: string; readonly total?: number }
  | { readonly kind: "advance"; readonly id: string; readonly done: number; readonly total?: number }
  | { readonly kind: "end"; readonly id: string; readonly detail?: string };
