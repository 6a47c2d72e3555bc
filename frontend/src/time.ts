// Days and moments of the reader's clock, for fields that ask when.

/** The moment at which a day, as a date field gives it, begins here. */
export function startOfDay(day: string): Date {
  return dayAfter(day, 0);
}

/** The moment at which a day has ended here. */
export function endOfDay(day: string): Date {
  return dayAfter(day, 1);
}

function dayAfter(day: string, days: number): Date {
  const [year = 0, month = 1, date = 1] = day.split("-").map(Number);
  return new Date(year, month - 1, date + days);
}

/** How far this clock is from UTC, as people write it: "UTC+02:00". */
export function zoneName(moment: Date): string {
  const minutes = -moment.getTimezoneOffset();
  if (minutes === 0) return "UTC";
  const size = Math.abs(minutes);
  const two = (value: number): string => String(value).padStart(2, "0");
  return `UTC${minutes < 0 ? "−" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}
