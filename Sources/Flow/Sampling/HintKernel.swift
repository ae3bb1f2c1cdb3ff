/// The covariance's numbers in `HintPropagation`.
///
/// Found by gradient descent on the error of 120 photographs in colour with 1, 5, 10 and 50 hints each, at random places
/// and at such where the mode is wrong.
struct HintKernel: Sendable {
    /// A Gaussian of how unlike two places are.
    struct Term: Sendable {
        /// Rates of the distances: place, features, their coarse part, lightness, chroma.
        let rates: [Float]
        /// Of its standard deviation over the regression's scale, where that is `unit`.
        let size: Float
        /// Power of the regression's scale that its standard deviation follows.
        let power: Float
    }

    /// Lab units of chroma in which the regression's scale is taken.
    static let unit: Float = 6
    /// L of lightness's unit distance.
    static let lightnessUnit: Float = 20
    /// Lab units of chroma's unit distance.
    static let chromaUnit: Float = 10

    /// Lab units by which a known colour differs from the mode's.
    static let surpriseUnit: Float = 10

    let terms: [Term]
    /// Rates of the distances that tell what belongs to the object at a place.
    let object: [Float]
    /// Variance of an object's colour that surprises by `surpriseUnit`, in Lab units.
    let surprise: Float
    /// Power of the surprise that this variance follows.
    let surprisePower: Float
    /// Of the draws' deviations.
    let drawn: Float
    /// Rates of the distances for the draws' covariance.
    let taper: [Float]
    /// Variance of a known colour around what its place has, in Lab units.
    let noise: Float
    /// The same over the square of the regression's scale.
    let relativeNoise: Float

    static let tuned = HintKernel(
        terms: [
            Term(rates: [0.7879, 0.4858, 0.4381, 3.29, 0.2651], size: 0.6456, power: 0.219),
            Term(rates: [0.1015, 1.349, 0.5594, 2.86, 0.2971], size: 1.083, power: -0.0486),
            Term(rates: [9.957, 0.007841, 0.8651, 0.03114, 0.01433], size: 1.063, power: 0.701),
            Term(rates: [0.1637, 0.01971, 1.701, 0.1056, 0.1295], size: 1.192, power: 0.865),
        ],
        object: [9.936, 0.4203, 1.059, 0.8412, 0.1393], surprise: 13.52, surprisePower: 2.689,
        drawn: 1.226, taper: [0.2032, 0.004464, 0.2087, 0.08907, 0.08452], noise: 1.62, relativeNoise: 0.00468)
}
