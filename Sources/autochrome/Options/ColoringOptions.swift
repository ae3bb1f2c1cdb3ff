import ArgumentParser
import Colorization
import Imaging

extension OutputFormat: ExpressibleByArgument {}
extension ColoringSettings.ColoredPolicy: ExpressibleByArgument {}

private let defaults = ColoringSettings()

/// The settings of a coloring; those not given stay as settings files or defaults have them.
struct ColoringOptions: ParsableArguments {
    @Option(
        help:
            "Variants of each photograph, \(ColoringSettings.samplesRange.words). (default: \(defaults.samples))")
    var samples: Int?
    @Option(help: "Selects the variants; the same seed gives the same. (default: \(defaults.seed))") var seed: UInt64?
    @Option(
        help:
            """
            Spread of the variants, \(ColoringSettings.temperatureRange.words); 1 is what was learned. \
            (default: \(ClosedRange.word(defaults.temperature)))
            """)
    var temperature: Double?
    @Option(
        help:
            """
            Factor on the strength of all colours, \(ColoringSettings.saturationRange.words). \
            (default: \(ClosedRange.word(defaults.saturation)))
            """)
    var saturation: Double?
    @Option(help: "jpeg, png, webp or tiff. (default: \(defaults.format.rawValue))") var format: OutputFormat?
    @Option(
        help: "Quality of jpeg and webp, \(ColoringSettings.qualityRange.words). (default: \(defaults.quality))")
    var quality: Int?
    @Option(help: "Photographs already in colour: skip, recolor or reject. (default: \(defaults.colored.rawValue))")
    var colored: ColoringSettings.ColoredPolicy?
    @Flag(inversion: .prefixedNo, help: "Make variant 1 the most likely colouring. (default: yes)") var modeFirst: Bool?
    @Flag(inversion: .prefixedNo, help: "Write a contact sheet.") var sheet: Bool?
    @Flag(inversion: .prefixedNo, help: "Write a map of where the variants disagree.") var uncertainty: Bool?

    func validate() throws {
        var settings = ColoringSettings()
        apply(to: &settings)
        do { try settings.validate() } catch { throw ValidationError("\(error)") }
    }

    func apply(to settings: inout ColoringSettings) {
        if let samples { settings.samples = samples }
        if let seed { settings.seed = seed }
        if let temperature { settings.temperature = temperature }
        if let saturation { settings.saturation = saturation }
        if let format { settings.format = format }
        if let quality { settings.quality = quality }
        if let colored { settings.colored = colored }
        if let modeFirst { settings.modeFirst = modeFirst }
        if let sheet { settings.sheet = sheet }
        if let uncertainty { settings.uncertainty = uncertainty }
    }
}
