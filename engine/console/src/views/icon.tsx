import type { JSX } from 'preact'

/** Drawn on a grid of 24, with one stroke. */
const paths = {
  home: 'M4 11.5 12 4l8 7.500M6 10v9h12v-9',
  approvals: 'M4 13.5 6.500 5h11L20 13.500V19H4zM4 13.500h4.500l1.500 2.500h4l1.500-2.500H20',
  sessions: 'M4 5h16v11H4zM9 20h6M12 16v4',
  exchanges: 'M5 7h14M5 12h14M5 17h9',
  runs: 'M5 6h6M9 12h8M7 18h12M5 6v0M5 12v0',
  policies: 'M6 4h9l4 4v12H6zM14 4v5h5M9 13h7M9 16.500h5',
  targets:
    'M5 6c0-1.400 3.100-2.500 7-2.500S19 4.600 19 6s-3.100 2.500-7 2.500S5 7.400 5 6zM5 6v12c0 1.400 3.100 2.500 7 2.500s7-1.100 7-2.500V6M5 12c0 1.400 3.100 2.500 7 2.500s7-1.100 7-2.500',
  audit: 'M12 3.500 19 6v6c0 4-2.800 7-7 8.500C7.800 19 5 16 5 12V6zM9 12l2.200 2.200L15 10.500',
  access: 'M9.500 14.500a4.500 4.500 0 1 1 3.900-2.300L20 18.800V21h-3v-2h-2v-2l-2.600-2.600M8.500 9.500v0',
  identities: 'M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4.500 20.500c.700-4 3.700-6 7.500-6s6.800 2 7.500 6',
  exporters: 'M4 8h9M4 12h6M4 16h9M15 7l5 5-5 5M20 12h-7',
  more: 'M6 12v0M12 12v0M18 12v0',
  plus: 'M12 5v14M5 12h14',
  check: 'M5 12.500 10 17 19 7.500',
  cross: 'M6.500 6.500l11 11M17.500 6.500l-11 11',
  copy: 'M9 9h10v10H9zM15 9V5H5v10h4',
  download: 'M12 4v11M7.500 11 12 15.500 16.500 11M5 20h14',
  play: 'M8 5.500v13l10.500-6.500z',
  pause: 'M8.500 6v12M15.500 6v12',
  back: 'M14.500 6 8.500 12l6 6',
  sun: 'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 3v2M12 19v2M3 12h2M19 12h2M5.600 5.600 7 7M17 17l1.400 1.400M5.600 18.400 7 17M17 7l1.400-1.400',
  moon: 'M19.500 14A8 8 0 0 1 10 4.500 8 8 0 1 0 19.500 14z',
  screen: 'M4 5h16v11H4zM9 20h6',
  out: 'M10 5H5v14h5M14 8l4 4-4 4M18 12H9',
  key: 'M14.500 9.500a4.500 4.500 0 1 1-4.400 5.500L4 21M7 18l2 2',
  lock: 'M6.500 11h11v9h-11zM9 11V8a3 3 0 0 1 6 0v3',
  agents: 'M12 4v4M6 20v-4h12v4M12 8v8M4 20h4M16 20h4M10 4h4',
} as const

export type IconName = keyof typeof paths

export function Icon({ name }: { readonly name: IconName }): JSX.Element {
  return (
    <svg
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="1.7"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      <path d={paths[name]} />
    </svg>
  )
}
