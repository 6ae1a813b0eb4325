import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { now } from '../clock.ts'
import type { Decision } from '../feed.ts'
import { meaningOf, type Meaning } from '../meaning.ts'
import { theme } from '../preferences.ts'

export interface StripProps {
  /** Newest first. */
  readonly decisions: readonly Decision[]
  readonly spanMs: number
}

const tickWidth = 3
const frameMs = 250

/**
 * Decisions on a line of time that ends now: high is grave. It is drawn, not built of elements, and four times a second,
 * so that it costs the same however much happens.
 */
export function Strip({ decisions, spanMs }: StripProps): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null)
  const latest = useRef(decisions)
  latest.current = decisions
  useEffect(() => {
    const draw = (): void => {
      if (canvas.current !== null && document.visibilityState === 'visible')
        paint(canvas.current, latest.current, spanMs)
    }
    draw()
    const timer = setInterval(draw, frameMs)
    return () => clearInterval(timer)
  }, [spanMs, theme.value])
  return <canvas ref={canvas} class="strip" aria-hidden="true" />
}

const heights: Readonly<Record<Meaning, number>> = { allow: 0.34, mask: 0.5, hold: 0.75, deny: 1, none: 0 }

function paint(canvas: HTMLCanvasElement, decisions: readonly Decision[], spanMs: number): void {
  const [width, height, scale] = [canvas.clientWidth, canvas.clientHeight, window.devicePixelRatio]
  if (canvas.width !== width * scale || canvas.height !== height * scale) {
    canvas.width = width * scale
    canvas.height = height * scale
  }
  const context = canvas.getContext('2d')
  if (context === null) return
  context.setTransform(scale, 0, 0, scale, 0, 0)
  context.clearRect(0, 0, width, height)
  const style = getComputedStyle(canvas)
  const colours: Readonly<Record<Meaning, string>> = {
    allow: style.getPropertyValue('--allow'),
    mask: style.getPropertyValue('--mask'),
    hold: style.getPropertyValue('--hold-mark'),
    deny: style.getPropertyValue('--deny'),
    none: 'transparent',
  }
  context.fillStyle = style.getPropertyValue('--line')
  context.fillRect(0, height - 1, width, 1)
  const end = now()
  for (const decision of decisions) {
    const x = width * (1 - (end - decision.time) / spanMs)
    if (x < -tickWidth) return
    const meaning = meaningOf(decision)
    const tall = height * heights[meaning]
    context.fillStyle = colours[meaning]
    context.fillRect(Math.min(width - tickWidth, x), height - tall, tickWidth, tall)
  }
}
