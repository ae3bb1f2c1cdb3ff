/// The standard normal distribution, in arithmetic that gives the same bits on every host.
package enum NormalDistribution {
    /// The value below which a share `p` of the distribution lies, 0 < p < 1, to about 1e-15.
    ///
    /// Algorithm AS 241 (Wichura 1988, PPND16).
    package static func quantile(_ p: Double) -> Double {
        precondition(p > 0 && p < 1, "quantile of \(p), which is not inside (0, 1)")
        let q = p - 0.5
        if q.magnitude <= 0.425 {
            let r = 0.180625 - q * q
            return q * polynomial(centralNumerator, r) / polynomial(centralDenominator, r)
        }
        let r = (-logarithm(q < 0 ? p : 1 - p)).squareRoot()
        let tail =
            r <= 5
            ? polynomial(middleNumerator, r - 1.6) / polynomial(middleDenominator, r - 1.6)
            : polynomial(farNumerator, r - 5) / polynomial(farDenominator, r - 5)
        return q < 0 ? -tail : tail
    }

    /// The natural logarithm of a positive normal number, to about 2e-16 relative.
    ///
    /// `x = m·2ᵉ` with m in [√½, √2), and `log m = 2·artanh((m − 1)/(m + 1))` as a series.
    static func logarithm(_ x: Double) -> Double {
        var m = x.significand
        var e = Double(x.exponent)
        if m > 1.4142135623730951 {
            m *= 0.5
            e += 1
        }
        let f = (m - 1) / (m + 1)
        let f2 = f * f
        var series = 0.0
        for k in stride(from: 23.0, through: 3, by: -2) { series = (series + 1 / k) * f2 }
        // log 2 in two parts: the product of an exponent and the upper part is exact.
        return e * 6.93147180369123816490e-01 + (e * 1.90821492927058770002e-10 + 2 * (f + f * series))
    }

    private static func polynomial(_ c: [Double], _ x: Double) -> Double {
        var y = c[7]
        for i in stride(from: 6, through: 0, by: -1) { y = y * x + c[i] }
        return y
    }

    private static let centralNumerator = [
        3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3, 1.3731693765509461125e4,
        4.5921953931549871457e4, 6.7265770927008700853e4, 3.3430575583588128105e4, 2.5090809287301226727e3,
    ]
    private static let centralDenominator = [
        1, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3,
        2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4, 5.2264952788528545610e3,
    ]
    private static let middleNumerator = [
        1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0, 3.64784832476320460504e0,
        1.27045825245236838258e0, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4,
    ]
    private static let middleDenominator = [
        1, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
        1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9,
    ]
    private static let farNumerator = [
        6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0, 2.96560571828504891230e-1,
        2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7,
    ]
    private static let farDenominator = [
        1, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
        7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15,
    ]
}
