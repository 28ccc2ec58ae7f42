// Numbers and spans as the server writes them: same separators, same precision.
const THIN = "\u202f";
const lang = document.body.dataset.lang;

export function number(value, digits = 0) {
  const [whole, fraction] = Math.abs(value).toFixed(digits).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, THIN);
  const sign = value < 0 && /[1-9]/.test(whole + (fraction ?? "")) ? "\u2212" : "";
  return sign + (fraction ? `${grouped}${lang === "ru" ? "," : "."}${fraction}` : grouped);
}

export function span(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const pad = (n) => String(n).padStart(2, "0");
  const hours = Math.floor(whole / 3600), minutes = Math.floor(whole / 60) % 60;
  return hours ? `${hours}:${pad(minutes)}:${pad(whole % 60)}` : `${pad(minutes)}:${pad(whole % 60)}`;
}

export function about(seconds) {
  const minutes = Math.max(0, Math.floor(seconds / 60));
  const [min, h] = lang === "ru" ? ["мин", "ч"] : ["min", "h"];
  if (minutes < 60) return `${minutes}\u00a0${min}`;
  return `${Math.floor(minutes / 60)}\u00a0${h}\u00a0${String(minutes % 60).padStart(2, "0")}\u00a0${min}`;
}
