/* The edges, node by node: every edge is a function of one node, every node a sum. */

enum { KAN_SPLINE, KAN_FORMULA, KAN_TABLE };
enum { KAN_ZERO, KAN_IDENTITY, KAN_SILU };
enum { KAN_LINK_IDENTITY, KAN_LINK_SIGMOID, KAN_LINK_SOFTMAX, KAN_LINK_EXP };

struct kan_value {
    double value, slope;
};

static struct kan_value kan_spline(const struct kan_edge *edge, const struct kan_node *node, double x, double near)
{
    int interval = 0, place, n;
    double u = (near - node->centre) / node->half_width, t, share;
    const double *coefficients;
    struct kan_value found = {0.0, 0.0};
    while (interval < node->intervals - 1 && x >= kan_breaks[node->first + interval])
        interval++;
    place = node->first + interval;
    t = (u - kan_middles[place]) / kan_half_lengths[place];
    coefficients = kan_numbers + edge->numbers + interval * edge->order;
    for (n = edge->order - 1; n >= 0; n--) {
        found.slope = found.slope * t + found.value;
        found.value = found.value * t + coefficients[n];
    }
    found.slope /= kan_half_lengths[place];
    if (edge->base == KAN_IDENTITY) {
        found.value += edge->base_scale * u;
        found.slope += edge->base_scale;
    } else if (edge->base == KAN_SILU) {
        share = 1.0 / (1.0 + exp(-u));
        found.value += edge->base_scale * u * share;
        found.slope += edge->base_scale * (share + u * share * (1.0 - share));
    }
    found.slope /= node->half_width;
    return found;
}

/* The value of an edge and its slope; beyond the domain it goes on as a line. */
static struct kan_value kan_at(const struct kan_edge *edge, double x)
{
    const struct kan_node *node = kan_nodes + edge->source;
    struct kan_value found = {edge->missing, 0.0};
    double near;
    int code;
    if (edge->kind == KAN_TABLE) {
        code = isnan(x) ? node->missing : x >= 0.0 && x < node->categories ? (int)x : node->categories;
        found.value = kan_numbers[edge->numbers + code];
        return found;
    }
    if (isnan(x) && node->missing)
        return found;
    near = x < node->lower ? node->lower : x > node->upper ? node->upper : x;
    if (edge->kind == KAN_FORMULA) {
        found.value = kan_formula(edge->numbers, near);
        found.slope = kan_formula_slope(edge->numbers, near);
    } else {
        found = kan_spline(edge, node, x, near);
    }
    if (x >= node->lowest && x <= node->highest)
        return found;
    found.slope = x > near ? edge->upper_slope : edge->lower_slope;
    found.value += found.slope * (x - near);
    return found;
}

static void kan_respond(const double *link, double *response)
{
    double largest = link[0], total = 0.0;
    int o;
    for (o = 1; o < KAN_OUTPUTS; o++)
        largest = link[o] > largest ? link[o] : largest;
    for (o = 0; o < KAN_OUTPUTS; o++) {
        response[o] = KAN_LINK == KAN_LINK_SIGMOID   ? 1.0 / (1.0 + exp(-link[o]))
                      : KAN_LINK == KAN_LINK_SOFTMAX ? exp(link[o] - largest)
                      : KAN_LINK == KAN_LINK_EXP     ? exp(link[o])
                                                     : link[o];
        total += response[o];
    }
    for (o = 0; o < KAN_OUTPUTS && KAN_LINK == KAN_LINK_SOFTMAX; o++)
        response[o] /= total;
}

/* The edge flow: backwards through the edges for every reference row, then the mean over them. */
static void kan_flow(const double *values, const struct kan_value *edges, double *contributions)
{
    int row, c;
    for (c = 0; c < KAN_CONTRIBUTIONS; c++)
        contributions[c] = 0.0;
    for (row = 0; row < KAN_REFERENCE_ROWS; row++) {
        double multipliers[KAN_NODES] = {0.0};
        multipliers[KAN_NODES - KAN_OUTPUTS + KAN_OUTPUT] = 1.0;
        for (c = KAN_CONTRIBUTIONS - 1; c >= 0; c--) {
            const struct kan_edge *edge = kan_edges + kan_explained[c];
            const struct kan_value own = edges[kan_explained[c]];
            const double *reference = kan_reference[row * KAN_CONTRIBUTIONS + c];
            double above = multipliers[edge->target], change = own.value - reference[0];
            contributions[c] += above * change / KAN_REFERENCE_ROWS;
            if (edge->source >= KAN_FEATURES) {
                double rounding = KAN_ROUNDING * (fabs(own.value) + kan_largest[c]);
                double step = values[edge->source] - reference[1], mean = (own.slope + reference[2]) / 2.0;
                int smooth = fabs(mean * step - change) <= rounding;
                multipliers[edge->source] += above * (smooth ? mean : change / step);
            }
        }
    }
}

void kan_predict(const double *x, double *link, double *response, double *contributions)
{
    double values[KAN_NODES];
    struct kan_value edges[KAN_EDGES + 1];
    int k;
    for (k = 0; k < KAN_NODES; k++)
        values[k] = k < KAN_FEATURES ? x[k] : kan_biases[k - KAN_FEATURES];
    for (k = 0; k < KAN_EDGES; k++) {
        edges[k] = kan_at(kan_edges + k, values[kan_edges[k].source]);
        values[kan_edges[k].target] += edges[k].value;
    }
    for (k = 0; k < KAN_OUTPUTS; k++)
        link[k] = values[KAN_NODES - KAN_OUTPUTS + k];
    kan_respond(link, response);
    kan_flow(values, edges, contributions);
}

/* What every feature contributes: the sum over the edges that start at it. */
void kan_feature_contributions(const double *contributions, double *features)
{
    int k;
    for (k = 0; k < KAN_FEATURES; k++)
        features[k] = 0.0;
    for (k = 0; k < KAN_CONTRIBUTIONS; k++)
        if (kan_edges[kan_explained[k]].source < KAN_FEATURES)
            features[kan_edges[kan_explained[k]].source] += contributions[k];
}

#ifdef KAN_MAIN
#include <stdio.h>

static void kan_print(const double *values, int count, char end)
{
    int k;
    for (k = 0; k < count; k++)
        printf("%.17g%c", values[k], k < count - 1 ? ' ' : end);
}

/* Reads rows of numbers ("nan" where one is missing); writes link, response, contributions and features of each. */
int main(void)
{
    double x[KAN_FEATURES], link[KAN_OUTPUTS], response[KAN_OUTPUTS];
    double contributions[KAN_CONTRIBUTIONS + 1], features[KAN_FEATURES];
    int k = 0;
    while (scanf("%lf", &x[k]) == 1) {
        k = (k + 1) % KAN_FEATURES;
        if (k != 0)
            continue;
        kan_predict(x, link, response, contributions);
        kan_feature_contributions(contributions, features);
        kan_print(link, KAN_OUTPUTS, ' ');
        kan_print(response, KAN_OUTPUTS, ' ');
        kan_print(contributions, KAN_CONTRIBUTIONS, ' ');
        kan_print(features, KAN_FEATURES, '\n');
    }
    return 0;
}
#endif
