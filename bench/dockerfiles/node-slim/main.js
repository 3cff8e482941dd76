console.log(require("weighty").size);
