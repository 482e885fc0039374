// Numbers as engineers read them.

export function clock(seconds, digits = 3) {
  const sign = seconds < 0 ? "-" : "";
  const scale = 10 ** digits;
  const whole = Math.round(Math.abs(seconds) * scale) / scale;
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const rest = (whole % 60).toFixed(digits).padStart(digits ? 3 + digits : 2, "0");
  return hours ? `${sign}${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${sign}${minutes}:${rest}`;
}

export function seconds(text) {
  const match = /^\s*(?:(\d{1,4}):)?(?:(\d{1,4}):)?(\d{1,9}(?:[.,]\d*)?)\s*$/.exec(text);
  if (!match) return null;
  const [, first, second, last] = match;
  const hours = second === undefined ? 0 : Number(first);
  return 3600 * hours + 60 * Number(second ?? first ?? 0) + Number(last.replace(",", "."));
}

export function decibels(value, digits = 1) {
  if (value === null || value === undefined) return "–";
  const text = value.toFixed(digits);
  return text.replace("-", "−");
}

export function signed(value, digits = 1) {
  return value > 0 ? `+${value.toFixed(digits)}` : decibels(value, digits);
}

export function hertz(value) {
  return value >= 1000 ? `${(value / 1000).toFixed(value % 1000 ? 1 : 0)}k` : String(Math.round(value));
}

export function round(value) {
  return Number(Number(value).toPrecision(6));
}
