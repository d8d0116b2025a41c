#include "bench/kernels/results.h"

#include <cstdarg>
#include <cstdio>
#include <utility>

#include "bench/kernels/comparison.h"
#include "bench/kernels/opponents.h"
#include "bench/kernels/peaks.h"
#include "kernels/base/isa.h"

namespace ink::bench {
namespace {

__attribute__((format(printf, 1, 2))) std::string format_text(const char* format, ...) {
  char line[512];
  va_list values;
  va_start(values, format);
  std::vsnprintf(line, sizeof line, format, values);
  va_end(values);
  return line;
}

double gflops(const Measurement& one) { return one.of->flops / one.median() / 1e9; }
double gigabytes(const Measurement& one) { return one.of->bytes / one.median() / 1e9; }

// Columns that do not apply are empty.
struct Columns {
  std::string microseconds, spread, gflops, of_peak, gigabytes, status;
};

Columns columns_of(const Measurement& one, Isa limit) {
  if (one.wrong) return {"", "", "", "", "", "wrong"};
  Columns c;
  c.microseconds = format_text("%.5g", one.median() * 1e6);
  c.spread = format_text("%.2f", one.spread());
  c.status = "verified";
  if (one.of->flops > 0) {
    c.gflops = format_text("%.4g", gflops(one));
    c.of_peak = format_text("%.3g", gflops(one) / peak_of(one, limit).gflops());
  }
  if (one.of->bytes > 0) c.gigabytes = format_text("%.4g", gigabytes(one));
  return c;
}

std::string csv(const std::vector<Measurement>& measurements, Isa limit) {
  std::string text = "kernel,shape,variant,threads,us,spread,gflops,of_peak,gbytes_per_s,status\n";
  for (const Measurement& one : measurements) {
    const Columns c = columns_of(one, limit);
    text += one.of->kernel + "," + one.of->shape + "," + one.of->variant + "," + std::to_string(one.threads) +
            "," + c.microseconds + "," + c.spread + "," + c.gflops + "," + c.of_peak + "," + c.gigabytes +
            "," + c.status + "\n";
  }
  return text;
}

// No name here holds what JSON escapes.
std::string quoted(const std::string& text) { return "\"" + text + "\""; }

std::string comparisons_table(const std::vector<Comparison>& comparisons) {
  if (comparisons.empty()) return {};
  std::string text =
      "\n## Beside other libraries\n\nTheir time over that of the best of ours.\n\n"
      "| layers | library | threads | shapes | geometric mean | least | at |\n"
      "|---|---|---:|---:|---:|---:|---|\n";
  for (const Comparison& one : comparisons) {
    text +=
        format_text("| %s | %s | %d | %d | %.2fx | %.2fx | %s |\n", one.family.c_str(), one.library.c_str(),
                    one.threads, one.shapes, one.geometric_mean, one.least, one.least_at.c_str());
  }
  return text;
}

std::string comparisons_json(const std::vector<Comparison>& comparisons) {
  std::string text = "[";
  for (const Comparison& one : comparisons) {
    text += (text.size() > 1 ? ",\n{" : "\n{") + ("\"layers\": " + quoted(one.family)) +
            ", \"library\": " + quoted(one.library) +
            format_text(", \"threads\": %d, \"shapes\": %d, \"geometric_mean\": %.3f, \"least\": %.3f",
                        one.threads, one.shapes, one.geometric_mean, one.least) +
            ", \"least_at\": " + quoted(one.least_at) + "}";
  }
  return text + "]";
}

std::string json(const std::vector<Measurement>& measurements, Isa limit) {
  std::string text = "{\"cpu\": " + quoted(cpu_model_name()) + ", \"isa\": " + quoted(isa_name(limit)) +
                     ", \"libraries\": {";
  for (const Library& library : libraries()) {
    if (&library != libraries().data()) text += ", ";
    text += quoted(library.name) + ": " + quoted(library.version);
  }
  text += "}, \"peaks\": [";
  std::string separator = "\n";
  for (const Peak& peak : peaks_of(measurements, limit)) {
    text += std::exchange(separator, ",\n") + "{\"precision\": " + quoted(precision_name(peak.precision)) +
            ", \"isa\": " + quoted(isa_name(peak.isa)) +
            format_text(", \"threads\": %d, \"gflops\": %.1f}", peak.threads, peak.gflops());
  }
  text += "\n], \"rows\": [";
  for (const Measurement& one : measurements) {
    text += &one == measurements.data() ? "\n" : ",\n";
    const auto number = [](const std::string& value) { return value.empty() ? std::string("null") : value; };
    const Columns c = columns_of(one, limit);
    text += "{\"kernel\": " + quoted(one.of->kernel) + ", \"shape\": " + quoted(one.of->shape) +
            ", \"variant\": " + quoted(one.of->variant) + ", \"threads\": " + std::to_string(one.threads) +
            ", \"us\": " + number(c.microseconds) + ", \"spread\": " + number(c.spread) +
            ", \"gflops\": " + number(c.gflops) + ", \"of_peak\": " + number(c.of_peak) +
            ", \"gbytes_per_s\": " + number(c.gigabytes) + ", \"status\": " + quoted(c.status) + "}";
  }
  return text + "\n], \"comparisons\": " + comparisons_json(compare(measurements)) + "}\n";
}

std::string markdown(const std::vector<Measurement>& measurements, Isa limit) {
  std::string text = cpu_model_name() + ", " + isa_name(limit);
  for (const Library& library : libraries()) text += ", " + library.version;
  text += "\n\n";
  for (const Peak& peak : peaks_of(measurements, limit)) {
    text += format_text("Peak in %s, %s, %d thread%s: %.0f G%s/s\n", precision_name(peak.precision),
                        isa_name(peak.isa), peak.threads, peak.threads == 1 ? "" : "s", peak.gflops(),
                        peak.precision == Precision::int8 ? "OP" : "FLOP");
  }
  std::string kernel;
  for (const Measurement& one : measurements) {
    if (one.of->kernel != kernel) {
      kernel = one.of->kernel;
      text += "\n## " + kernel +
              "\n\n| shape | variant | threads | us | spread | GFLOP/s | of peak | GB/s |\n"
              "|---|---|---:|---:|---:|---:|---:|---:|\n";
    }
    const Columns c = columns_of(one, limit);
    text += "| " + one.of->shape + " | " + one.of->variant + " | " + std::to_string(one.threads) + " | " +
            (one.wrong ? "differs from the reference" : c.microseconds) + " | " + c.spread + " | " +
            c.gflops + " | " + c.of_peak + " | " + c.gigabytes + " |\n";
  }
  return text + comparisons_table(compare(measurements));
}

}  // namespace

std::string results_text(const std::vector<Measurement>& measurements, const Options& options) {
  const Isa limit = options.limit();
  switch (options.format) {
    case Format::csv: return csv(measurements, limit);
    case Format::json: return json(measurements, limit);
    case Format::markdown: break;
  }
  return markdown(measurements, limit);
}

}  // namespace ink::bench
