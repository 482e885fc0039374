"""Weights of the speech and music finder: written by models/training/program/train.py, not by hand.

Trained on 3050 stretches of three seconds drawn from the tuning halves of festvox-ru (BSD-like),
sonic-pi-samples (CC0) and dance bands rendered with mma and FluidR3 GM (MIT), and on noise made for it.
"""

import numpy as np

# source: models/training/program/train.py
# fmt: off
_TABLE = np.array(
    [   # mean, standard deviation, weight for neither, speech, music, both: the order of program.KINDS
        [  7.6793,   4.4338,  -0.1814,   0.1167,   0.0725,  -0.0079],  # level_p90_p50_db
        [  8.6553,   5.2148,  -0.1725,   0.2980,  -0.0973,  -0.0282],  # level_p50_p10_db
        [  0.2725,   0.1777,  -0.1468,   0.1713,  -0.0122,  -0.0124],  # low_energy_share
        [  0.1565,   0.1654,  -0.0520,   0.3058,  -0.0247,  -0.2290],  # very_low_energy_share
        [  6.0039,   1.7308,  -0.2517,   0.1225,  -0.0351,   0.1643],  # band_scatter_db
        [  0.4608,   0.2405,  -0.1464,   0.0595,   0.0390,   0.0479],  # modulation_slow
        [  0.3182,   0.1700,  -0.0632,   0.0057,  -0.0194,   0.0769],  # modulation_syllabic
        [  0.0785,   0.1045,   0.4413,  -0.1032,  -0.1377,  -0.2003],  # modulation_fast
        [  0.4352,   0.1895,  -0.2144,   0.0440,   0.0560,   0.1144],  # band_modulation_slow
        [  0.3103,   0.1217,  -0.0660,   0.0174,   0.0114,   0.0372],  # band_modulation_syllabic
        [  2.1774,   0.5343,  -0.0679,  -0.0579,  -0.1144,   0.2401],  # flux_mean_db
        [  0.7276,   0.2604,  -0.0297,   0.0978,   0.2003,  -0.2684],  # flux_scatter
        [  1.6016,   1.3571,   0.1657,  -0.1158,   0.2216,  -0.2714],  # rise_skew
        [  0.2286,   0.2091,  -0.1436,  -0.1390,   0.1934,   0.0892],  # stability_60_ms
        [  0.1837,   0.2024,  -0.1175,  -0.1446,   0.1902,   0.0719],  # stability_120_ms
        [  0.1403,   0.1812,  -0.1105,  -0.1524,   0.1958,   0.0671],  # stability_300_ms
        [  0.1209,   0.0507,  -0.1344,   0.0502,  -0.1165,   0.2006],  # stability_scatter
        [  0.2040,   0.0389,  -0.1071,   0.2569,  -0.1929,   0.0432],  # voicing_mean
        [  0.0556,   0.0263,  -0.1009,   0.2831,  -0.2855,   0.1033],  # voicing_scatter
        [  0.4308,   0.2637,  -0.0510,   0.2564,  -0.2292,   0.0239],  # pitch_glide_share
        [  0.2687,   0.2523,  -0.0815,  -0.0114,   0.1122,  -0.0193],  # pitch_hold_share
        [  0.3719,   0.2274,  -0.0758,  -0.1309,   0.2804,  -0.0737],  # rhythm
        [  0.3962,   0.1677,  -0.0595,  -0.1435,   0.2560,  -0.0530],  # band_correlation
    ]
)
# fmt: on
MEAN, SCALE = _TABLE[:, 0], _TABLE[:, 1]
WEIGHTS = _TABLE[:, 2:].T
BIAS = np.array([-1.4726, 0.1279, 0.6433, 0.7015])
